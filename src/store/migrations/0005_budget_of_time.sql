-- What a task's operations may take, and have taken, in all.
ALTER TABLE grants ADD COLUMN time_ms_max INTEGER;
ALTER TABLE grants ADD COLUMN time_ms INTEGER NOT NULL DEFAULT 0;
