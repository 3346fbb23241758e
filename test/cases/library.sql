-- What the statements of postgres.tsv run on: a library, with everything in it that can make a statement do more than it says.
CREATE SCHEMA lib;
CREATE SCHEMA staff;
SET search_path = lib;

CREATE TABLE members (id int PRIMARY KEY, name text, email text, born date, note text);
CREATE TABLE books (id int PRIMARY KEY, title text, price numeric, words tsvector);
CREATE TABLE loans (id serial PRIMARY KEY, member int REFERENCES members ON DELETE CASCADE, book int REFERENCES books,
                    due date, returned boolean DEFAULT false);
CREATE TABLE fines (loan int REFERENCES loans ON DELETE CASCADE, amount numeric);
CREATE TABLE journal (at timestamptz DEFAULT now(), what text);
CREATE TABLE staff.wages (person text, pay int);
INSERT INTO members SELECT n, 'name ' || n, n || '@example.org', '2000-01-01', '' FROM generate_series(1, 5) n;
INSERT INTO books SELECT n, 'title ' || n, n, NULL FROM generate_series(1, 5) n;
INSERT INTO loans (member, book, due) SELECT n, n, now() FROM generate_series(1, 5) n;
INSERT INTO staff.wages VALUES ('ada', 5);

-- partitions and inheritance
CREATE TABLE visits (day date, member int) PARTITION BY RANGE (day);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE media (id int, title text);
CREATE TABLE films (minutes int) INHERITS (media);

-- functions: what they say and what they do
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION pay_of(who text) RETURNS int LANGUAGE sql STABLE AS 'SELECT pay FROM staff.wages WHERE person = who';
CREATE FUNCTION note_down(what text) RETURNS int LANGUAGE sql AS 'INSERT INTO lib.journal (what) VALUES ($1) RETURNING 1';
CREATE FUNCTION tidy_up() RETURNS int LANGUAGE plpgsql AS
  $$ BEGIN DELETE FROM lib.fines WHERE amount = 0; RETURN 1; END $$;
CREATE FUNCTION run_this(text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE $1; END $$;
CREATE FUNCTION loud(int) RETURNS int LANGUAGE sql AS 'SELECT lib.note_down(''loud''), $1; SELECT $1';
CREATE FUNCTION shouted(text) RETURNS text LANGUAGE sql AS 'SELECT lib.note_down($1); SELECT upper($1)';
CREATE PROCEDURE forget(who int) LANGUAGE sql AS 'DELETE FROM lib.members WHERE id = who';
CREATE FUNCTION on_path() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM journal';
CREATE FUNCTION pinned() RETURNS bigint LANGUAGE sql STABLE SET search_path = lib AS 'SELECT count(*) FROM journal';
CREATE AGGREGATE loud_sum(int) (SFUNC = int4pl, STYPE = int, FINALFUNC = loud);

-- what calls functions without saying so
CREATE OPERATOR !! (RIGHTARG = text, FUNCTION = shouted);
CREATE TYPE shelf AS (row int, place int);
CREATE FUNCTION shelf_of(int) RETURNS shelf LANGUAGE sql AS 'SELECT lib.note_down(''cast''); SELECT ROW($1, 1)::lib.shelf';
CREATE CAST (int AS shelf) WITH FUNCTION shelf_of(int);
CREATE FUNCTION as_text(shelf) RETURNS text LANGUAGE sql AS 'SELECT lib.note_down(''out''); SELECT ''shelf''';
CREATE CAST (shelf AS text) WITH FUNCTION as_text(shelf);
CREATE TYPE grade AS ENUM ('good', 'bad');
CREATE FUNCTION grade_of(int) RETURNS grade LANGUAGE sql AS 'SELECT lib.note_down(''grade''); SELECT ''good''::lib.grade';
CREATE CAST (int AS grade) WITH FUNCTION grade_of(int) AS ASSIGNMENT;
CREATE TABLE exams (member int, result grade);
CREATE DOMAIN counted AS int CHECK (lib.loud(VALUE) > 0);
CREATE TABLE reviews (id int DEFAULT loud(1), stars counted, half int GENERATED ALWAYS AS (twice(2)) STORED);

-- views
CREATE VIEW members_public AS SELECT id, name FROM members;
CREATE VIEW members_own WITH (security_invoker = on) AS SELECT id, name FROM members;
CREATE VIEW pays AS SELECT m.name, lib.pay_of(m.name) AS pay FROM members m;
CREATE VIEW nested AS SELECT name FROM members_public WHERE id IN (SELECT member FROM loans);
CREATE VIEW busy AS SELECT id, lib.note_down('busy') AS noted FROM books;
CREATE MATERIALIZED VIEW totals AS SELECT book, count(*) FROM loans GROUP BY book;
CREATE VIEW desk AS SELECT id, title FROM books;
CREATE RULE desk_insert AS ON INSERT TO desk DO INSTEAD INSERT INTO journal (what) VALUES (NEW.title);
CREATE RULE also AS ON DELETE TO books DO ALSO INSERT INTO journal (what) VALUES ('gone');
CREATE VIEW counter AS SELECT id, title FROM books;
CREATE FUNCTION counter_change() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN UPDATE lib.books SET price = price + 1 WHERE id = NEW.id; RETURN NEW; END $$;
CREATE TRIGGER counter_change INSTEAD OF UPDATE ON counter FOR EACH ROW EXECUTE FUNCTION counter_change();

-- triggers
CREATE FUNCTION loan_changed() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO lib.journal (what) VALUES (TG_OP); RETURN NEW; END $$;
CREATE TRIGGER loan_changed AFTER UPDATE OF due ON loans FOR EACH ROW EXECUTE FUNCTION loan_changed();

-- row security that looks elsewhere
CREATE TABLE rooms (id int, keeper text);
ALTER TABLE rooms ENABLE ROW LEVEL SECURITY;
CREATE POLICY keepers ON rooms USING (keeper IN (SELECT person FROM staff.wages));

CREATE TABLE "Odd ""Name" ("Col" int);
CREATE SEQUENCE tickets;
