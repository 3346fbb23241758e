"""What statements are taken for, against a table of truths and against PostgreSQL itself."""

import functools
import json
import pathlib
import subprocess
import unittest

from harness import gateway
from shop import server

CASES = pathlib.Path(__file__).resolve().parent.parent / "cases"


@functools.cache
def library():
    """A DSN of the fixture's database, past any gateway."""
    upstream, _ = server()
    upstream.sql("CREATE DATABASE library")
    upstream.load([CASES / "postgres_fixture.sql"], "library")
    return f"postgresql://postgres:{upstream.password}@{upstream.host}:{upstream.port}/library"


def classify(statements):
    """What `narrowgate classify` says of each, by id."""
    lines = "".join(json.dumps({"id": name, "sql": sql}) + "\n" for name, sql in statements)
    done = subprocess.run([gateway.BINARY, "classify", "postgres", "--dsn", library()], input=lines, capture_output=True,
                          text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def table():
    for line in (CASES / "postgres.tsv").read_text().splitlines():
        if line and not line.startswith(("#", "id\t")):
            yield line.split("\t")


@functools.cache
def answers():
    return classify([(row[0], row[4]) for row in table()])


class Meaning(unittest.TestCase):
    """One test for each row of the table, made below."""

    maxDiff = None

    def check(self, name, kind, reads, writes):
        answer = answers()[name]
        said = (answer["class"], ",".join(sorted(answer["reads"])), ",".join(sorted(answer["writes"])))
        self.assertEqual(said, (kind, reads, writes), answer["why"])


def add_test(name, kind, reads, writes, sql):
    def test(self):
        self.check(name, kind, reads, writes)
    test.__doc__ = sql
    setattr(Meaning, f"test_{name}", test)


for row in table():
    add_test(*row)


class Oracle(unittest.TestCase):
    """PostgreSQL's own word: what we call a read, it runs in a transaction that cannot write."""

    def refused_read_only(self, sql):
        """The complaint if this is a write after all."""
        done = subprocess.run(["psql", "-X", "-q", "-v", "VERBOSITY=verbose", "-d", library(), "-c",
                               f"BEGIN READ ONLY; {sql}; ROLLBACK"], capture_output=True, text=True, timeout=60)
        return [line for line in done.stderr.splitlines() if "25006" in line]

    def test_every_read_of_the_table_runs_in_a_read_only_transaction(self):
        reads = [row for row in table() if row[1] == "read"]
        self.assertGreater(len(reads), 40)
        for name, _, _, _, sql in reads:
            self.assertEqual(self.refused_read_only(sql), [], f"{name}: {sql}")

    def test_the_oracle_finds_a_write(self):
        self.assertNotEqual(self.refused_read_only("SELECT lib.note_down('x')"), [])

    def test_whatever_is_put_together_is_never_called_a_read_when_it_writes(self):
        """Every way of calling in every place where an expression may stand."""
        calls = ["lib.note_down('x')", "lib.loud(1)", "1::lib.shelf", "'3'::lib.counted", "OPERATOR(lib.!!) 'x'::text",
                 "(SELECT lib.note_down('x'))", "(SELECT noted FROM lib.busy LIMIT 1)", "lib.loud_sum(1)",
                 "nextval('lib.tickets')", "lib.twice(2)", "lib.pay_of('ada')", "lib.pinned()", "upper('x')"]
        places = ["SELECT {}", "SELECT ({}) IS NULL", "SELECT CASE WHEN true THEN ({}) END",
                  "SELECT count(*) FROM lib.books WHERE ({}) IS NOT NULL", "SELECT id FROM lib.books ORDER BY ({})",
                  "SELECT ARRAY[({})]", "SELECT ROW(({}))", "SELECT coalesce(NULL, ({}))", "VALUES (({}))",
                  "WITH w AS MATERIALIZED (SELECT ({}) AS x) SELECT x FROM w", "SELECT * FROM (SELECT ({}) AS x OFFSET 0) y",
                  "SELECT 1 FROM lib.books b LEFT JOIN lib.loans l ON ({}) IS NOT NULL", "EXPLAIN ANALYZE SELECT {}",
                  "COPY (SELECT {}) TO STDOUT", "SELECT 1 WHERE EXISTS (SELECT 1 WHERE ({}) IS NOT NULL)",
                  "SELECT max(id) FILTER (WHERE ({}) IS NOT NULL) FROM lib.books"]
        made = [(f"{place}|{call}", place.format(call)) for place in places for call in calls]
        said = classify(made)
        wrong = [sql for name, sql in made if said[name]["class"] in ("read", "session") and self.refused_read_only(sql)]
        self.assertEqual(wrong, [])
        read = sum(1 for name, _ in made if said[name]["class"] == "read")
        self.assertGreater(read, 4 * len(places) // 2)
