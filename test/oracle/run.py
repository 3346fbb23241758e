#!/usr/bin/env python3
"""Holds the classifier against PostgreSQL over statements that nobody wrote.

    test/oracle/run.py [--count N] [--seed S] [--json FILE]

Each statement is classified, then run by PostgreSQL in a transaction that is rolled back, which tells the tables it looked at,
the tables it changed and whether it took a transaction id. Fails on

  under    PostgreSQL touched a table that the answer does not name, or wrote where the answer says that nothing is written
  unknown  statements that PostgreSQL runs and we do not understand, in more than one of a hundred

A counterexample is shrunk to the simplest statement that still is one. The same seed makes the same statements.
NARROWGATE_BINARY names another binary than build/release/narrowgate.
"""

import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent)]

import grammar  # noqa: E402  (found on the path just set)
from harness import machine  # noqa: E402
from harness import postgres as server  # noqa: E402

BINARY = os.environ.get("NARROWGATE_BINARY", str(ROOT / "build" / "release" / "narrowgate"))
HARMLESS = ("read", "session")
BATCH = 2_000
UNKNOWN_MAX = 0.01
SHRINK_ROUNDS, SHRINK_MOST = 12, 400
MARK = "~~"

COUNTERS = f"""PREPARE counters(int) AS SELECT '{MARK}' || $1 || E'\\t'
  || coalesce(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, '') || E'\\t'
  || (SELECT coalesce(pg_catalog.json_object_agg(s.schemaname || '.' || s.relname, pg_catalog.json_build_array(
     coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0), s.n_tup_ins + s.n_tup_upd + s.n_tup_del)), '{{}}')
   FROM pg_catalog.pg_stat_xact_user_tables s);"""

Seen = collections.namedtuple("Seen", "took scanned changed")


class Oracle:
    """A database with the schema, and what it says of statements."""

    def __init__(self):
        self.postgres = server.Postgres()
        self.postgres.sql("CREATE DATABASE oracle")
        self.postgres.load([HERE / "schema.sql"], "oracle")
        self.postgres.sql(f"ALTER ROLE oracle PASSWORD '{self.postgres.password}'; ALTER ROLE oracle SET search_path = app; "
                          "ALTER ROLE oracle SET statement_timeout = '200ms'; ALTER ROLE oracle SET jit = off; "
                          "ALTER ROLE oracle SET client_min_messages = error",
                          "oracle")
        self.dsn = f"postgresql://oracle:{self.postgres.password}@{self.postgres.host}:{self.postgres.port}/oracle"
        self.kin = collections.defaultdict(set)  # what foreign keys look up is not named
        pairs = ("SELECT c.relnamespace::regnamespace || '.' || c.relname || ' ' || p.relnamespace::regnamespace || '.' "
                 "|| p.relname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid JOIN pg_class p ON p.oid = confrelid "
                 "WHERE contype = 'f'")
        for line in self.postgres.sql(pairs, "oracle").splitlines():
            child, parent = line.split()
            self.kin[child].add(parent)
            self.kin[parent].add(child)

    def ran(self, statements):
        """What became of each: Seen, or None if PostgreSQL refused it."""
        script = [COUNTERS]
        for at, statement in enumerate(statements):
            count = f"EXECUTE counters({at});"
            script += ["BEGIN;", count, "\\o /dev/null", statement + ";", "\\o", count, "ROLLBACK;", "DEALLOCATE p;"]
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", self.dsn], input="\n".join(script), capture_output=True, text=True,
                              errors="replace", timeout=600)
        counted = collections.defaultdict(list)
        for line in done.stdout.splitlines():
            if line.startswith(MARK):
                at, taken, tables = line[len(MARK):].split("\t")
                counted[int(at)].append((taken, json.loads(tables)))
        return [self._seen(counted[at]) for at in range(len(statements))]

    @staticmethod
    def _seen(counts):
        if len(counts) != 2:
            return None
        (_, before), (taken, after) = counts
        grown = [{name for name, now in after.items() if now[i] > before.get(name, [0, 0])[i]} for i in (0, 1)]
        return Seen(taken != "", *grown)

    def sees(self):
        """Ends the program if what PostgreSQL counts does not show what these are known to do."""
        known = {"SELECT * FROM buyers": Seen(False, {"app.users", "app.orders"}, set()),
                 "SELECT note('x')": Seen(True, set(), {"app.log"}),
                 "DELETE FROM orders WHERE id = 1": Seen(True, {"app.orders", "app.lines", "app.tenants"},
                                                         {"app.orders", "app.lines", "app.log"})}
        for (statement, wanted), seen in zip(known.items(), self.ran(list(known))):
            if seen != wanted:
                sys.exit(f"the oracle is blind: {statement} was seen as {seen}, not {wanted}")
            if not self.under({"class": "read", "reads": [], "writes": []}, seen):
                sys.exit(f"the oracle says nothing of an answer that names no table of: {statement}")

    def said(self, statements):
        """What the classifier says of each."""
        lines = "".join(json.dumps({"id": str(at), "sql": sql}) + "\n" for at, sql in enumerate(statements))
        done = subprocess.run([BINARY, "classify", "postgres", "--dsn", self.dsn], input=lines, capture_output=True, text=True)
        answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
        if done.returncode != 0 or len(answers) != len(statements):
            sys.exit(f"narrowgate classify answered {len(answers)} of {len(statements)}: {done.stderr.strip()}")
        return [answers[str(at)] for at in range(len(statements))]

    def under(self, answer, seen):
        """What PostgreSQL did and the answer does not say; "" if there is nothing."""
        if seen is None or answer["class"] == "unknown":
            return ""
        if answer["class"] in HARMLESS and (seen.took or seen.changed):
            return f"called a {answer['class']}, and wrote {', '.join(sorted(seen.changed)) or 'something'}"
        named = set(answer["reads"]) | set(answer["writes"])
        looked_up = set().union(*(self.kin[name] for name in answer["writes"])) if answer["writes"] else set()
        for what, missing in (("looked at", seen.scanned - named - looked_up), ("changed", seen.changed - set(answer["writes"]))):
            if missing:
                return f"{what} {', '.join(sorted(missing))}, which is not named"
        return ""

    def judged(self, statements):
        """(answer, seen, what is under) of each."""
        answers = self.said(statements)
        return [(answer, seen, self.under(answer, seen)) for answer, seen in zip(answers, self.ran(statements))]

    def shrunk(self, numbers):
        """The numbers of the simplest statement found that is still under."""
        for _ in range(SHRINK_ROUNDS):
            tries = list(dict.fromkeys(map(tuple, simpler(numbers))))[:SHRINK_MOST]
            found = [one for one, (_, _, under) in zip(tries, self.judged([grammar.made_of(one) for one in tries])) if under]
            best = min(found, key=lambda one: (len(grammar.made_of(one)), sum(one)), default=None)
            if best is None or len(grammar.made_of(best)) >= len(grammar.made_of(numbers)):
                return numbers
            numbers = list(best)
        return numbers


def simpler(numbers):
    """Without a stretch of them, with one made 0, cut off."""
    for size in (16, 8, 4, 2, 1):
        for at in range(0, len(numbers), size):
            yield numbers[:at] + numbers[at + size:]
            yield numbers[:at] + [0] * min(size, len(numbers) - at) + numbers[at + size:]
    for at in range(len(numbers)):
        yield numbers[:at]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write {passed, failed, skipped} here")
    options = parser.parse_args()
    oracle = Oracle()
    oracle.sees()
    started = time.monotonic()
    counts, unders, unknown = collections.Counter(), [], collections.Counter()
    for begin in range(0, options.count, BATCH):
        made = [grammar.drawn(options.seed * 1_000_000_007 + at) for at in range(begin, min(begin + BATCH, options.count))]
        for (numbers, statement), (answer, seen, under) in zip(made, oracle.judged([statement for _, statement in made])):
            counts["ran"] += seen is not None
            counts["unknown"] += seen is not None and answer["class"] == "unknown"
            if seen is not None and answer["class"] == "unknown":
                unknown[answer["why"]] += 1
            if under:
                unders.append((numbers, statement, under))
    for numbers, statement, under in unders[:5]:
        small = oracle.shrunk(numbers)
        print(f"under: {under}\n  {grammar.made_of(small)}\n  out of: {statement}")
    for why, times in unknown.most_common(5):
        print(f"not understood, {times} times: {why}")
    too_many = counts["unknown"] > UNKNOWN_MAX * max(counts["ran"], 1)
    rate = options.count / (time.monotonic() - started)
    print(f"oracle: {options.count} statements, {counts['ran']} that PostgreSQL ran, {len(unders)} under, "
          f"{counts['unknown']} not understood ({rate:.0f} a second)")
    failed = len(unders) + (1 if too_many or counts["ran"] < options.count / 4 else 0)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"passed": 0 if failed else 1, "failed": failed, "skipped": 0,
                                                          "failures": [statement for _, statement, _ in unders]}))
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as trouble:
        machine.at_exit(lambda: None)
        sys.exit(f"{pathlib.Path(__file__).name}: {trouble}")
