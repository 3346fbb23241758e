"""What the gateway knows of a database's definitions, while these change: read in parts, and never other than read anew."""

import json
import random
import subprocess
import unittest

from harness import gateway, machine, postgres

START = """
CREATE SCHEMA a; CREATE SCHEMA b;
CREATE TABLE a.t1 (id int PRIMARY KEY, note text DEFAULT 'x', n int);
CREATE TABLE a.t2 (id int REFERENCES a.t1, note text);
CREATE VIEW a.v1 AS SELECT id, note FROM a.t1;
CREATE FUNCTION a.f1(x int) RETURNS int LANGUAGE sql STABLE AS 'SELECT count(*)::int FROM a.t2 WHERE id = x';
CREATE SEQUENCE a.s1;
"""
# {}: a number not used before; each may fail, as what it names may not be there any more.
STEPS = (
    "CREATE TABLE a.n{} (id int, note text)", "CREATE TABLE a.n{} () INHERITS (a.t1)",
    "CREATE TABLE a.n{} (LIKE a.t1 INCLUDING ALL)", "DROP TABLE a.n{last}",
    "DROP TABLE a.t2 CASCADE", "CREATE TABLE a.t2 (id int, note text)",
    "ALTER TABLE a.t1 ADD COLUMN c{} int DEFAULT 7", "ALTER TABLE a.t1 RENAME COLUMN note TO remark",
    "ALTER TABLE a.t1 RENAME COLUMN remark TO note", "ALTER TABLE a.t1 ALTER COLUMN n SET DEFAULT a.f1(1)",
    "ALTER TABLE a.t1 ALTER COLUMN n DROP DEFAULT", "ALTER TABLE a.t1 RENAME TO moved", "ALTER TABLE a.moved RENAME TO t1",
    "CREATE OR REPLACE VIEW a.v1 AS SELECT id, note FROM a.t2", "CREATE OR REPLACE VIEW a.v1 AS SELECT id, note FROM a.t1",
    "DROP VIEW a.v1 CASCADE", "CREATE VIEW a.v1 AS SELECT id, note FROM a.t1", "CREATE VIEW a.v{} AS SELECT * FROM a.v1",
    "CREATE OR REPLACE FUNCTION a.f1(x int) RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO a.t2(id) VALUES (x) RETURNING id'",
    "CREATE OR REPLACE FUNCTION a.f1(x int) RETURNS int LANGUAGE sql STABLE AS 'SELECT max(id) FROM a.t1'",
    "CREATE FUNCTION a.f1(x text) RETURNS int LANGUAGE sql AS 'DELETE FROM a.t2 RETURNING 1'", "DROP FUNCTION a.f1(text)",
    "ALTER FUNCTION a.f1(int) RENAME TO f2", "ALTER FUNCTION a.f2(int) RENAME TO f1", "ALTER SCHEMA a RENAME TO c",
    "ALTER SCHEMA c RENAME TO a", "ALTER SEQUENCE a.s1 RENAME TO s2", "ALTER SEQUENCE a.s2 RENAME TO s1",
    "CREATE FUNCTION a.g{}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO a.t2 VALUES (1); RETURN NEW; END'",
    "CREATE TRIGGER w{} BEFORE INSERT ON a.t1 FOR EACH ROW EXECUTE FUNCTION a.g{last}()",
    "CREATE RULE r{} AS ON DELETE TO a.t1 DO ALSO DELETE FROM a.t2", "ALTER TABLE a.t1 ENABLE ROW LEVEL SECURITY",
    "CREATE POLICY p{} ON a.t1 USING (a.f1(id) > 0)", "ALTER TABLE a.t1 ADD CHECK (a.f1(id) IS NOT NULL) NOT VALID",
    "CREATE DOMAIN a.d{} AS int CHECK (a.f1(VALUE) > 0)", "CREATE INDEX ON a.t1 (note)", "TRUNCATE a.t2 CASCADE",
    "CREATE OPERATOR a.+++ (LEFTARG = int, RIGHTARG = int, FUNCTION = int4pl)", "DROP OPERATOR a.+++ (int, int)",
    "CREATE TABLE b.p{} (k int, v text) PARTITION BY RANGE (k)", "CREATE TABLE b.q{} PARTITION OF b.p{last} DEFAULT",
    "ALTER TABLE a.t2 SET SCHEMA b", "ALTER TABLE b.t2 SET SCHEMA a", "CREATE TEMP TABLE scratch{} (i int)", "ANALYZE",
    "ALTER ROLE postgres SET search_path = a, public", "ALTER ROLE postgres RESET search_path", "VACUUM FULL a.t1",
)
PROBES = (
    "SELECT * FROM a.v1", "SELECT a.f1(id) FROM a.t1", "INSERT INTO a.t1 (id) VALUES (1)", "DELETE FROM a.t1",
    "SELECT note FROM a.t1", "SELECT * FROM t1", "UPDATE a.t2 SET note = remark", "SELECT a.f1('x')",
    "SELECT 1 OPERATOR(a.+++) 2",
    "SELECT nextval('a.s1')", "INSERT INTO b.p1 VALUES (1, 'x')", "SELECT v FROM b.p1", "SELECT * FROM c.v1",
    "SELECT 1::a.d1", "DROP TABLE a.t1",
)
LINES = "".join(json.dumps({"id": at, "sql": sql}) + "\n" for at, sql in enumerate(PROBES))


class Followed(unittest.TestCase):
    """`narrowgate classify` looks again whenever it had to wait for a line, with the code that sessions look with."""

    @classmethod
    def setUpClass(cls):
        cls.server = postgres.Postgres()
        cls.dsn = f"postgresql://postgres:{cls.server.password}@{cls.server.host}:{cls.server.port}/moving"

    def setUp(self):
        self.server.sql("DROP DATABASE IF EXISTS moving WITH (FORCE)")
        self.server.sql("ALTER ROLE postgres RESET search_path")
        self.server.sql("CREATE DATABASE moving")
        self.server.sql(START, "moving")

    def classifier(self):
        return subprocess.Popen([gateway.BINARY, "classify", "postgres", "--dsn", self.dsn], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def answers(self, process):
        # One write: the process waits once, and so looks once.
        process.stdin.write(LINES)
        process.stdin.flush()
        return [json.loads(process.stdout.readline()) for _ in PROBES]

    def anew(self):
        process = self.classifier()
        answers = self.answers(process)
        process.communicate()
        return answers

    def follow(self, seed, steps):
        draw, kept, used = random.Random(seed), self.classifier(), 0
        said = self.answers(kept)
        for _ in range(steps):
            template = draw.choice(STEPS)
            used += "{}" in template
            step = template.replace("{}", str(used)).replace("{last}", str(used - 1 if "{}" in template else used))
            try:
                self.server.sql(step, "moving")
            except RuntimeError:
                continue
            before, said = said, self.answers(kept)
            with self.subTest(seed=seed, step=step):
                self.assertEqual(said, self.anew())
        kept.communicate()

    def test_what_was_read_in_parts_is_what_would_be_read_anew(self):
        for seed in range(3):
            self.setUp()
            self.follow(seed, 80)

    def test_also_while_somebody_elses_transaction_goes_on(self):
        session = subprocess.Popen(["psql", "-X", "-q", "-d", self.dsn], stdin=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, text=True)
        session.stdin.write("BEGIN;\nCREATE TABLE a.unborn (i int);\n")
        session.stdin.flush()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        self.assertTrue(machine.until(lambda: self.server.sql(waiting) == "1"))
        self.server.sql("CREATE TABLE a.young (i int)", "moving")
        self.follow(7, 60)
        session.communicate("COMMIT;\n")
