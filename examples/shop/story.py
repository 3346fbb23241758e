#!/usr/bin/env python3
"""The story that scripts/demo plays: an agent repairs stuck refunds, and a person keeps an eye on it.

    story.py                 plays it, then stays up for you to try by hand
    story.py --check         plays it, asserts every answer, exits
    story.py --json FILE     and writes {"passed", "failed", "skipped"}
"""

import argparse
import json
import pathlib
import re
import signal
import sys

from stage import Disappointment, Stage, machine

CONNINFO = "dbname=orders options='-c narrowgate.task=refund-triage -c narrowgate.ticket=SHOP-4412'"
STUCK = "SELECT count(*) AS stuck FROM refunds WHERE state = 'stuck';"


def connects(on):
    on.chapter("The agent connects, and is told what it got")
    said = on.agent_opens(CONNINFO)
    on.check("it is told: SELECT on 3 of 9 tables", "granted SELECT on 3 of 9 tables" in said, said)


def reads(on):
    on.chapter("What the task needs passes by itself")
    answer = on.agent_asks("SELECT r.id, r.amount, r.state, c.name FROM refunds r JOIN orders o ON o.id = r.order_id "
                           "JOIN customers c ON c.id = o.customer_id WHERE r.state = 'stuck';")
    on.check("three stuck refunds are shown", "(3 rows)" in answer and "2417" in answer, answer)


def is_refused(on):
    on.chapter("A table outside the task is refused, and the session goes on as PostgreSQL would have it")
    on.agent_asks("BEGIN;")
    answer = on.agent_asks("SELECT name, salary FROM staff;")
    on.check("SQLSTATE 42501, with DETAIL and HINT", all(word in answer for word in ("42501", "DETAIL", "HINT")), answer)
    on.check("the transaction has failed", "!" in on.psql.prompt, on.psql.prompt)
    answer = on.agent_asks(STUCK)
    on.check("and says so, as PostgreSQL does: 25P02", "25P02" in answer, answer)
    on.agent_asks("ROLLBACK;")
    answer = on.agent_asks(STUCK)
    on.check("after ROLLBACK the session goes on", re.search(r"\b3\b", answer), answer)
    answer = on.agent_asks("SELECT email FROM customers WHERE id = 1;")
    on.check("a column outside the task is refused too", "42501" in answer, answer)


def is_held(on):
    on.chapter("A write waits for a person")
    on.agent_types("UPDATE refunds SET state = 'approved' WHERE batch = 7 AND state = 'stuck';")
    said = on.agent_sees("apr_")
    approval = re.search(r"apr_\w+", said).group(0)
    on.check("a NOTICE names the approval", "NOTICE" in said and "held" in said, said)
    shown = on.ana(f"narrowgate approvals show {approval}")
    on.check("the person sees the exact statement", "WHERE batch = 7 AND state = 'stuck'" in shown, shown)
    answer = on.olu(f"narrowgate approvals approve {approval} --once", expect=1)
    on.check("the agent's owner cannot approve it", "the owner of refund-bot cannot approve" in answer, answer)
    on.ana(f"narrowgate approvals approve {approval} --once")
    answer = on.agent_reads()
    on.check("the same statement then runs", "UPDATE 3" in answer, answer)


def overreaches(on):
    on.chapter("An approved statement that touches more rows than its ceiling is rolled back")
    on.agent_types("UPDATE refunds SET state = 'void' WHERE batch = 7;")
    approval = re.search(r"apr_\w+", on.agent_sees("apr_")).group(0)
    on.ana(f"narrowgate approvals approve {approval} --once")
    answer = on.agent_reads()
    on.check("53400: more rows than approved", "53400" in answer, answer)
    answer = on.agent_asks("SELECT state, count(*) FROM refunds WHERE batch = 7 GROUP BY state;")
    on.check("nothing was changed", "void" not in answer, answer)


def is_unclear(on):
    on.chapter("What is not understood is refused, not guessed")
    answer = on.agent_asks("SELECT * FROM refunds WHERE WHERE;")
    on.check("text that cannot be parsed", re.search("42601|0A000", answer), answer)
    answer = on.agent_asks("DO $$ BEGIN EXECUTE 'DELETE FROM refunds'; END $$;")
    on.check("text whose effect cannot be told", "0A000" in answer, answer)


def is_revoked(on):
    on.chapter("Access is taken back, now")
    sleeping = on.agent_starts(f"psql -X -v VERBOSITY=verbose \"{CONNINFO}\" -c 'SELECT pg_sleep(600)'")
    on.check("a long query runs upstream", machine.until(lambda: on.upstream.running("pg_sleep(600)")),
             on.gateway.logged()[-2000:])
    answer = on.ana("narrowgate revoke --agent refund-bot -y")
    on.check("it says how long that took", re.search(r"\d+(\.\d+)? ?m?s\b", answer), answer)
    answer = on.agent_collects(sleeping)
    on.check("the client was told: 57P01", "57P01" in answer, answer)
    running = on.upstream.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' "
                              "AND pid <> pg_backend_pid()")
    on.say(f"          (in pg_stat_activity, sessions with that query: {running})")
    on.check("the query is gone from pg_stat_activity", running == "0", running)


def is_recorded(on):
    on.chapter("What happened can be read, and proved")
    sessions = on.ana("narrowgate sessions list")
    # The first session is the one that did everything; the second only slept.
    session = re.findall(r"ses_\w+", sessions)[-1]
    shown = on.ana(f"narrowgate sessions show {session}")
    parts = ("asked", "granted", "used", "held", "denied")
    on.check("asked, granted, used, held, denied", all(part in shown.lower() for part in parts), shown)
    answer = on.ana("narrowgate sessions verify")
    on.check("the log is whole", "nothing was changed, cut or added" in answer, answer)
    on.ana(f"cp -r {on.gateway.data} {on.folder}/copy")
    path, at = inner_byte(on.folder / "copy")
    on.ana(f"printf '\\x{path.read_bytes()[at] ^ 1:02x}' | dd of={path} bs=1 seek={at} conv=notrunc status=none   # one byte")
    answer = on.ana(f"NARROWGATE_DATA={on.folder}/copy narrowgate sessions verify", expect=1)
    on.check("one changed byte is found", "DAMAGED OR CHANGED" in answer, answer)


def inner_byte(copy):
    """A byte in the middle of the largest recording: its file and its offset."""
    recordings = [path for path in copy.rglob("*") if path.is_file() and "record" in str(path.relative_to(copy))]
    largest = max(recordings, key=lambda path: len(path.read_bytes().rstrip(b"\0")))
    return largest, len(largest.read_bytes().rstrip(b"\0")) // 2


CHAPTERS = [connects, reads, is_refused, is_held, overreaches, is_unclear, is_revoked, is_recorded]


def stay_up(on):
    on.say(f"""
── Your turn {"─" * 81}
Everything is still up. In other terminals:

  . {on.folder}/agent.env && psql "{CONNINFO}"
  . {on.folder}/ana.env   && narrowgate approvals list

  SELECT * FROM narrowgate.scope;                      what the agent may do
  UPDATE refunds SET state = 'paid' WHERE id = 2417;   waits for ana
  narrowgate approvals approve apr_… --once            (as ana)
  narrowgate live · narrowgate sessions list · narrowgate revoke --agent refund-bot

  PostgreSQL itself listens on 127.0.0.1:{on.upstream.port}, metrics are at http://127.0.0.1:{on.gateway.ports['admin']}/metrics.

Ctrl-C stops the gateway and the database and removes {on.folder}.""")
    try:
        signal.pause()
    except KeyboardInterrupt:
        on.say("\nstopping")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="assert every answer, then exit")
    parser.add_argument("--json", metavar="FILE", help="write the counts here")
    options = parser.parse_args()
    on, failed = Stage(checking=options.check), 0
    try:
        on.build()
        for chapter in CHAPTERS:
            chapter(on)
        if not options.check:
            stay_up(on)
    except (Disappointment, TimeoutError, RuntimeError) as trouble:
        failed = 1
        on.say(f"\nFAILED in chapter {on.step}: {trouble}")
    except KeyboardInterrupt:
        return 130
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({"passed": on.passed, "failed": failed, "skipped": 0}))
    if options.check:
        on.say(f"\ndemo: {on.passed} checks passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
