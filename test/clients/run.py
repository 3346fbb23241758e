#!/usr/bin/env python3
"""Stock PostgreSQL drivers through the gateway: each program beside this one runs the same checks.

    test/clients/run.py                  all clients
    test/clients/run.py pgx asyncpg      some
    test/clients/run.py --json FILE      and write {"passed", "failed", "skipped"}
    test/clients/run.py --write          and write the table in docs/clients.md anew, which otherwise must be what was found

scripts/lib/clients.sh gets the drivers; NG_CLIENTS is where it put them.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent)]

from harness import gateway, postgres  # noqa: E402  (found on the path just set)

PLACE = pathlib.Path(os.environ.get("NG_CLIENTS") or pathlib.Path.home() / ".cache/narrowgate/clients")
PYTHON = str(PLACE / "python/bin/python")
CLIENTS = {
    "psycopg": [PYTHON, HERE / "with_psycopg.py"],
    "asyncpg": [PYTHON, HERE / "with_asyncpg.py"],
    "SQLAlchemy": [PYTHON, HERE / "with_sqlalchemy.py"],
    "pgjdbc": ["java", "-cp", PLACE / "pgjdbc.jar", HERE / "WithPgjdbc.java"],
    "pgx": [PLACE / "pgx"],
    "node-postgres": ["node", PLACE / "node/client.mjs"],
}
CHECKS = {
    "login": "connects by TLS with the certificate and host name verified, the task named its own way",
    "scope": "reads `narrowgate.scope`",
    "parameters": "prepared statements, text and binary values, arrays",
    "refusal": "a refusal is its own error for 42501, with the DETAIL; the session goes on",
    "transaction": "a refusal aborts the transaction; savepoints, isolation levels",
    "pipeline": "batches, with a refusal in the middle",
    "rows": "rows in parts, by cursor or portal",
    "copy": "COPY … TO STDOUT",
    "cancel": "cancels what runs",
    "hold": "waits for a person and gets its row count",
    "reflection": "what it asks the catalog",
    "pool": "its pool of connections",
}
DOCUMENT = ROOT / "docs/clients.md"
BEGIN, END = "<!-- table -->\n", "<!-- /table -->\n"


def approve_all(at, stop):
    """A person who agrees to whatever waits."""
    while not stop.wait(0.2):
        for entry in at.cli("approvals", "list")["approvals"]:
            at.run("approvals", "approve", entry["id"], "--once")


def run(client, at):
    """{check: (result, why)} of one client; a check it never came to has failed."""
    environment = {**os.environ, "NG_HOST": "127.0.0.1", "NG_PORT": str(at.port), "NG_AGENT": "refund-bot", "NG_KEY": at.key(),
                   "NG_CA": at.ca}
    environment = {name: value for name, value in environment.items() if not name.startswith("PG")}
    done = subprocess.run([str(part) for part in CLIENTS[client]], capture_output=True, text=True, env=environment, timeout=300)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    found = {line["check"]: (line["result"], line["why"]) for line in lines}
    never = ("failed", f"the program ended with {done.returncode}: {done.stderr[-2000:]}")
    return {check: found.get(check, never) for check in CHECKS}


def table(found):
    """Clients as columns, checks as rows."""
    signs = {"ok": "✓", "absent": "–", "failed": "✗"}
    rows = [["", *found], ["---"] * (len(found) + 1)]
    rows += [[f"{check}: {what}", *(signs[results[check][0]] for results in found.values())] for check, what in CHECKS.items()]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def document_says(found, write):
    before, rest = DOCUMENT.read_text().split(BEGIN)
    stated, after = rest.split(END)
    if write:
        DOCUMENT.write_text(before + BEGIN + table(found) + END + after)
        return True
    return stated == table(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clients", nargs="*")
    parser.add_argument("--json")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    if unknown := set(chosen.clients) - set(CLIENTS):
        parser.error(f"no client is called {', '.join(unknown)}; there are {', '.join(CLIENTS)}")

    upstream = postgres.Postgres()
    at = gateway.Gateway(gateway.shop_config(upstream, upstream.create_shop())).start()
    stop = threading.Event()
    threading.Thread(target=approve_all, args=(at, stop), daemon=True).start()
    counts = {"passed": 0, "failed": 0, "skipped": 0, "failures": []}
    found = {}
    for client in chosen.clients or CLIENTS:
        found[client] = run(client, at)
        for check, (result, why) in found[client].items():
            counts["failed" if result == "failed" else "passed"] += result != "absent"
            counts["failures"] += [f"{client} {check}"] if result == "failed" else []
            print(f"{result:6} {client} {check}" + (f": {why}" if why else ""), flush=True)
    stop.set()
    if not chosen.clients:
        same = document_says(found, chosen.write)
        counts["passed" if same else "failed"] += 1
        counts["failures"] += [] if same else ["docs/clients.md says otherwise"]
        print("ok     docs/clients.md" if same else "failed docs/clients.md says otherwise: run this with --write", flush=True)
    if chosen.json:
        pathlib.Path(chosen.json).write_text(json.dumps(counts))
    print(f"clients: {counts['passed']} passed, {counts['failed']} failed")
    return 0 if counts["failed"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
