-- What people come back to: denials and holds, sessions, and what was taken back. Recordings are the truth about sessions; these
-- rows are for finding them.
CREATE TABLE decisions (
  id TEXT PRIMARY KEY,
  outcome TEXT NOT NULL,
  code TEXT NOT NULL,
  session TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  task TEXT NOT NULL,
  agent TEXT NOT NULL,
  resource TEXT NOT NULL,
  approval TEXT NOT NULL,
  asked_why TEXT NOT NULL,
  facts TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_of_task ON decisions (task, id);
CREATE INDEX decisions_of_agent ON decisions (agent, id);
CREATE INDEX decisions_of_session ON decisions (session, id);
CREATE INDEX decisions_by_time ON decisions (at_ms);

CREATE TABLE revocations (
  epoch INTEGER PRIMARY KEY,
  target TEXT NOT NULL,
  name TEXT NOT NULL,
  revoked_by TEXT NOT NULL,
  reason TEXT NOT NULL,
  at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  resource TEXT NOT NULL,
  recording TEXT NOT NULL,
  template TEXT NOT NULL,
  peer TEXT NOT NULL,
  opened_ms INTEGER NOT NULL,
  closed_ms INTEGER,
  ending TEXT NOT NULL,
  permitted INTEGER NOT NULL,
  held INTEGER NOT NULL,
  denied INTEGER NOT NULL,
  row_count INTEGER NOT NULL,
  byte_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_agent ON sessions (agent, id);
CREATE INDEX sessions_of_task ON sessions (task, id);
CREATE INDEX sessions_open ON sessions (id) WHERE closed_ms IS NULL;

CREATE TABLE issuer_documents (
  url TEXT PRIMARY KEY,
  document TEXT NOT NULL,
  fetched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
