"""What statements put together by the hundred are taken for, against PostgreSQL itself. The tables: test/postgres_redteam.py."""

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
    upstream.load([CASES / "library.sql"], "library")
    return f"postgresql://postgres:{upstream.password}@{upstream.host}:{upstream.port}/library"


def classify(statements):
    """What `narrowgate classify` says of each, by id."""
    lines = "".join(json.dumps({"id": name, "sql": sql}) + "\n" for name, sql in statements)
    done = subprocess.run([gateway.BINARY, "classify", "postgres", "--dsn", library()], input=lines, capture_output=True,
                          text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}


class Oracle(unittest.TestCase):
    """PostgreSQL's own word: what we call a read, it runs in a transaction that cannot write."""

    def refused_read_only(self, sql):
        """The complaint if this is a write after all."""
        done = subprocess.run(["psql", "-X", "-q", "-v", "VERBOSITY=verbose", "-d", library(), "-c",
                               f"BEGIN READ ONLY; {sql}; ROLLBACK"], capture_output=True, text=True, timeout=60)
        return [line for line in done.stderr.splitlines() if "25006" in line]

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
