"""What the programs here have in common: each runs the checks by name and prints one JSON object a line for run.py."""

import json
import os
import traceback

HOST, PORT = os.environ["NG_HOST"], int(os.environ["NG_PORT"])
AGENT, KEY, CA = os.environ["NG_AGENT"], os.environ["NG_KEY"], os.environ["NG_CA"]
DATABASE, TASK = "orders", "refund-triage"

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"
DENIED = "SELECT salary FROM staff"
WRITE = "UPDATE refunds SET state = 'approved' WHERE id = 2417"


def expect(what, wanted):
    if what != wanted:
        raise AssertionError(f"{what!r} instead of {wanted!r}")


def expect_denial(detail):
    denial = json.loads(detail)
    expect(denial["code"], "scope_denied")


def report(client, **checks):
    """Runs each check; a check that returns a text is one that this client cannot do, and why."""
    for name, check in checks.items():
        try:
            absent = check()
            line = {"client": client, "check": name, "result": "absent" if absent else "ok", "why": absent or ""}
        except BaseException:  # noqa: BLE001  (also what a driver raises outside Exception)
            line = {"client": client, "check": name, "result": "failed", "why": traceback.format_exc(limit=-3)}
        print(json.dumps(line), flush=True)
