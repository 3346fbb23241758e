#!/usr/bin/env python3
"""Scores the PostgreSQL classifier against tables of statements, on a PostgreSQL of its own.

    test/postgres_redteam.py [TABLE FIXTURE] [--json FILE] [--all]

TABLE has the columns id, sql, class (or verdict), reads and writes (or tables_read, tables_written); FIXTURE makes the
database it speaks of. Of class unknown-must-hold, a truth that the live catalog tells is as good. Without them: every table
of test/cases. Fails on

  under   something that writes, defines, administers or cannot be known is called read or session; or a table is missing
  over    the other way round, in more than one case of a hundred
  lied    PostgreSQL itself disagrees: what was called a read, when run inside a transaction that is then rolled back, took a
          transaction id or changed a row; or it looked at a table that the answer does not name; or a login that may see only
          the columns named is refused

NARROWGATE_BINARY names another binary than build/release/narrowgate.
"""

import argparse
import collections
import csv
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

from harness import machine  # noqa: E402  (found on the path just set)
from harness import postgres as server  # noqa: E402

BINARY = os.environ.get("NARROWGATE_BINARY", str(ROOT / "build" / "release" / "narrowgate"))
CASES = HERE / "cases"
ORDER = ["read", "session", "write", "ddl", "admin", "unknown"]
HARMLESS = ("read", "session")
OVER_MAX = 0.01
MARK = "~~"  # before our own lines, so that a case's rows are not taken for them

COUNTERS = f"""SELECT '{MARK}' || coalesce(pg_catalog.pg_current_xact_id_if_assigned()::pg_catalog.text, '') || E'\\t' ||
  (SELECT coalesce(pg_catalog.json_object_agg(s.schemaname || '.' || s.relname, pg_catalog.json_build_array(
     coalesce(s.seq_scan, 0) + coalesce(s.idx_scan, 0), s.n_tup_ins + s.n_tup_upd + s.n_tup_del)), '{{}}')
   FROM pg_catalog.pg_stat_xact_user_tables s)"""


Case = collections.namedtuple("Case", "id sql want reads writes")


def read_table(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    names = {"verdict": "class", "tables_read": "reads", "tables_written": "writes"}
    rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = [names.get(column, column) for column in next(rows)]
    for row in rows:
        cells = dict(zip(columns, row + [""] * len(columns)))
        reads, writes = (set(filter(None, cells[key].split(","))) for key in ("reads", "writes"))
        yield Case(cells["id"], cells["sql"], cells["class"], reads, writes)


def classify(cases, dsn):
    lines = "".join(json.dumps({"id": case.id, "sql": case.sql}) + "\n" for case in cases)
    run = subprocess.run([BINARY, "classify", "postgres", "--dsn", dsn], input=lines, capture_output=True, text=True)
    answers = {answer["id"]: answer for answer in map(json.loads, run.stdout.splitlines())}
    if run.returncode != 0 or len(answers) != len(cases):
        sys.exit(f"narrowgate classify answered {len(answers)} of {len(cases)}: {run.stderr.strip()}")
    return answers


def judge(case, answer):
    """What is wrong with the answer, by the table: ("under" or "over", words). Too much and too little may both be."""
    got, found = answer["class"], []
    if case.want == "unknown-must-hold" and got in HARMLESS:
        if case.writes:  # the live catalog may settle it, but not against the truth
            found.append(("under", f"{got}, and yet it writes"))
    elif case.want.startswith("unknown"):
        if got in HARMLESS:
            found.append(("under", f"{got}, but nobody can know"))
    elif got in HARMLESS and case.want not in HARMLESS:
        found.append(("under", f"{got}, not {case.want}"))
    elif got != case.want:
        found.append(("over" if ORDER.index(got) > ORDER.index(case.want) else "under", f"{got}, not {case.want}"))
    if got == "unknown":
        return found  # what it names need not be all
    for what, wanted in (("reads", case.reads), ("writes", case.writes)):
        missing, more = wanted - set(answer[what]), set(answer[what]) - wanted
        if missing:
            found.append(("under", f"{what} lacks {', '.join(sorted(missing))}"))
        if more:
            found.append(("over", f"{what} has {', '.join(sorted(more))} too much"))
    return found


class Truth:
    """What PostgreSQL does with a statement, found out inside a transaction that never commits."""

    def __init__(self, postgres, database):
        self.postgres, self.database = postgres, database
        self.parents = collections.defaultdict(set)  # the look-ups of foreign keys are not listed
        for line in self._ask("SELECT conrelid::regclass::oid, confrelid::regclass::oid, "
                              "c.relnamespace::regnamespace || '.' || c.relname, "
                              "p.relnamespace::regnamespace || '.' || p.relname "
                              "FROM pg_constraint JOIN pg_class c ON c.oid = conrelid JOIN pg_class p ON p.oid = confrelid "
                              "WHERE contype = 'f'"):
            _, _, child, parent = line.split("|")
            self.parents[child].add(parent)
            self.parents[parent].add(child)

    def _psql(self, *statements, user="postgres"):
        command = ["psql", "-X", "-q", "-A", "-t", "-h", self.postgres.host, "-p", str(self.postgres.port), "-U", user, "-d",
                   self.database]
        variables = {"PGPASSWORD": self.postgres.password, "PGOPTIONS": "-c statement_timeout=5s -c lock_timeout=1s",
                     "PATH": os.environ["PATH"], "PGCLIENTENCODING": "UTF8"}
        run = subprocess.run(command + [part for one in statements for part in ("-c", one)], capture_output=True,
                             env=variables, stdin=subprocess.DEVNULL)
        return run.stdout.decode(errors="replace"), run.stderr.decode(errors="replace")

    def _ask(self, sql):
        return self._psql(sql)[0].splitlines()

    def run(self, sql):
        """(took a transaction id, tables scanned, tables changed); None if it does not run."""
        out, _ = self._psql("BEGIN", COUNTERS, sql, COUNTERS, "ROLLBACK")
        counts = [line[len(MARK):].split("\t") for line in out.splitlines() if line.startswith(MARK)]
        if len(counts) != 2:
            return None
        before, after = (json.loads(tables) for _, tables in counts)
        grown = [{name for name, now in after.items() if now[i] > before.get(name, [0, 0])[i]} for i in (0, 1)]
        return (counts[1][0] != "", *grown)

    def refuses(self, sql, effects):
        """What a login says that may do no more than `effects` tell; "" if it is content.

        It may look at all of a table that it changes without a word of looking, or without naming it: a function's own WHERE
        is not told of.
        """
        columns = collections.defaultdict(set)
        for effect in effects:
            verb = {"LOCK": "UPDATE"}.get(effect["verb"], effect["verb"])
            if verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE") and "." in effect["object"]:
                columns[verb, effect["object"]] |= set(effect["columns"]) or {"*"}
        for verb, table in list(columns):
            if ("SELECT", table) not in columns or (verb != "SELECT" and table.split(".", 1)[1] not in sql):
                columns["SELECT", table] = {"*"}
        # From PostgreSQL 17 on REFRESH, which fills a view, has a privilege of its own.
        filled = [table for verb, table in columns if verb == "INSERT"]
        grants = [f"GRANT MAINTAIN ON {'.'.join(map(quoted, table.split('.', 1)))} TO narrow" for table in filled]
        for (verb, table), names in columns.items():
            some = "" if "*" in names or verb in ("DELETE", "TRUNCATE") else "({})".format(", ".join(map(quoted, sorted(names))))
            grants.append(f"GRANT {verb}{some} ON {'.'.join(map(quoted, table.split('.', 1)))} TO narrow")
        quiet = [f"DO $grant$BEGIN {grant}; EXCEPTION WHEN OTHERS THEN NULL; END$grant$" for grant in grants]
        _, err = self._psql("BEGIN", *quiet, "SET LOCAL ROLE narrow", sql, "ROLLBACK")
        return next((line for line in err.splitlines() if "permission denied for table" in line
                     or "permission denied for view" in line or "permission denied for materialized view" in line), "")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def disagreements(truth, case, answer):
    """Where PostgreSQL itself says otherwise: a list of words. Only what was called a read or a plain write is run."""
    if answer["class"] not in ("read", "write"):
        return None
    seen = truth.run(case.sql)
    if seen is None:
        return None
    took, scanned, changed = seen
    reads, writes, found = set(answer["reads"]), set(answer["writes"]), []
    if answer["class"] == "read" and (took or changed):
        found.append(f"called a read, and yet it wrote {', '.join(sorted(changed)) or 'something'}")
    looked_up = set().union(*(truth.parents[name] for name in writes)) if writes else set()
    for what, missing in (("looked at", scanned - reads - writes - looked_up), ("changed", changed - writes)):
        if missing:
            found.append(f"{what} {', '.join(sorted(missing))}, which is not named")
    planned = case.sql.lstrip().upper().startswith("EXPLAIN")  # needs the right to do what it does not do
    refusal = "" if planned else truth.refuses(case.sql, answer["effects"])
    if refusal:
        found.append(f"columns: {refusal}")
    return found


def database(postgres, fixture):
    """A database of its own for a fixture; its DSN."""
    name = fixture.stem
    postgres.sql(f"CREATE DATABASE {name}")
    postgres.load([fixture], name)
    postgres.sql("DO $$DECLARE s record; BEGIN FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' "
                 "LOOP EXECUTE format('GRANT USAGE ON SCHEMA %I TO narrow', s.nspname); END LOOP; END$$", name)
    return name, f"postgresql://postgres:{postgres.password}@{postgres.host}:{postgres.port}/{name}"


def score(postgres, table, fixture, show_all):
    """(cases, the ids of those that failed) of one table."""
    name, dsn = database(postgres, fixture)
    cases = list(read_table(table))
    answers = classify(cases, dsn)
    truth = Truth(postgres, name)
    verdicts, ran = {}, 0
    for case in cases:
        answer = answers[case.id]
        found = judge(case, answer)
        told = disagreements(truth, case, answer)
        ran += told is not None
        found += [("lied", words) for words in told or ()]
        worst = next((kind for kind in ("lied", "under", "over") if kind in {kind for kind, _ in found}), "right")
        verdicts[case.id] = worst
        for kind, words in found:
            if kind != "over" or show_all:
                print(f"{kind} {case.id}: {words}\n  {case.sql}\n  {answer['why']}")
    counts = collections.Counter(verdicts.values())
    print(f"{table.name}: {len(cases)} cases, {counts['right']} right, {counts['under']} under, {counts['over']} over, "
          f"{counts['lied']} that PostgreSQL contradicts ({ran} were run)", flush=True)
    too_many = counts["over"] > OVER_MAX * len(cases)
    failing = ("under", "lied", "over") if too_many else ("under", "lied")
    return len(cases), [f"{case} {verdict}" for case, verdict in verdicts.items() if verdict in failing]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", nargs="?", type=pathlib.Path)
    parser.add_argument("fixture", nargs="?", type=pathlib.Path)
    parser.add_argument("--json", metavar="FILE", help="write {passed, failed, skipped} here")
    parser.add_argument("--all", action="store_true", help="show what is over, too, when it is not too much")
    options = parser.parse_args()
    if (options.table is None) != (options.fixture is None):
        parser.error("a TABLE needs its FIXTURE")
    pairs = [(table, table.with_suffix(".sql")) for table in sorted(CASES.glob("*.tsv"))]
    if options.table:
        pairs = [(options.table, options.fixture)]
    postgres = server.Postgres()
    postgres.sql("CREATE ROLE narrow")
    totals = [score(postgres, table, fixture, options.all) for table, fixture in pairs]
    total, failures = sum(count for count, _ in totals), [failure for _, found in totals for failure in found]
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"passed": total - len(failures), "failed": len(failures), "skipped": 0,
                                                          "failures": failures}))
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as trouble:
        machine.at_exit(lambda: None)
        sys.exit(f"{pathlib.Path(__file__).name}: {trouble}")
