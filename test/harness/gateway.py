"""A narrowgate with a configuration and a data folder of its own, and its CLI."""

import json
import os
import pathlib
import secrets
import signal
import subprocess
import urllib.error
import urllib.request

from . import machine

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("NARROWGATE_BINARY") or str(ROOT / "build" / "release" / "narrowgate")


def shop_config(postgres, password, database="orders"):
    """The shop's agent, people, resource and template as a configuration to vary. Ports and keys are filled in by Gateway."""
    tls = {"mode": "verify-full", "ca": postgres.ca} if postgres.ca else {"mode": "off"}
    return {
        "listeners": {"postgres": {"plaintext": "loopback"}, "https": {}, "admin": {}},
        "agents": [{"name": "refund-bot", "owner": "olu", "key": secrets.token_urlsafe(24)}],
        "people": [
            {"name": "olu", "roles": ["operator", "approver"], "groups": ["orders-oncall"],
             "password": secrets.token_urlsafe(16)},
            {"name": "ana", "roles": ["approver", "auditor", "operator"], "groups": ["orders-oncall"],
             "password": secrets.token_urlsafe(16)},
        ],
        "resources": [{
            "name": "orders", "kind": "postgres",
            "upstream": {"host": postgres.host, "port": postgres.port, "database": database, "tls": tls,
                         "login": {"password": {"user": "narrowgate_orders", "password": password}}},
            "classification": {"pii": ["public.customers(email, phone, date_of_birth, address)"]},
            "approvers": ["orders-oncall"], "hold": "1m",
        }],
        "templates": [{
            "name": "refund-triage", "agents": ["refund-bot"], "duration": "1h",
            "scope": [
                {"resource": "orders", "verbs": ["SELECT"],
                 "objects": ["public.refunds", "public.orders", "public.customers(id, name)"],
                 "limits": {"rows_read": 500, "bytes": "1MiB", "statement": "30s"}},
                {"resource": "orders", "verbs": ["UPDATE"], "objects": ["public.refunds(state)"], "where": "required",
                 "limits": {"rows_written": 10}, "auto": False},
            ],
        }],
    }


class Gateway:
    """Runs from start() to stop(), or to the end of the program."""

    binary = BINARY

    def __init__(self, config, *, data_dir=None):
        self.folder = machine.folder(prefix="narrowgate-gateway-")
        self.config = json.loads(json.dumps(config))
        self.config.setdefault("data_dir", data_dir or f"{self.folder}/data")
        self.log = f"{self.folder}/log"
        self.file = f"{self.folder}/narrowgate.yaml"
        self.ports = {}
        for name, listener in self.config["listeners"].items():
            self.ports[name] = machine.free_port()
            listener["address"] = f"127.0.0.1:{self.ports[name]}"
        self.write_config()
        self.process = None

    @property
    def data(self):
        return self.config["data_dir"]

    @property
    def port(self):
        return self.ports["postgres"]

    @property
    def ca(self):
        """The certificate of the gateway's own CA."""
        return f"{self.data}/tls/ca.pem"

    def key(self, agent="refund-bot"):
        return next(entry["key"] for entry in self.config["agents"] if entry["name"] == agent)

    def write_config(self):
        pathlib.Path(self.file).write_text(json.dumps(self.config, indent=1))  # JSON is YAML

    def start(self, *arguments, wrapper=(), environment=None):
        self.process = machine.start([*wrapper, self.binary, "serve", "--config", self.file, *arguments], log=self.log,
                                     env={**os.environ, **(environment or {})})
        machine.at_exit(self.stop)
        if not machine.until(lambda: self.process.poll() is not None or self.ready(), 30) or self.process.poll() is not None:
            raise RuntimeError(f"narrowgate did not start:\n{self.logged()}")
        return self

    def stop(self):
        return machine.stop(self.process) if self.process else None

    def kill(self):
        """As a power cut would: no time for anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def alive(self):
        return self.process.poll() is None

    def ready(self):
        return self.http("/readyz")[0] == 200

    def http(self, path):
        """Status and body of a page on the admin listener; (0, "") when nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['admin']}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        except (urllib.error.URLError, OSError):
            return 0, ""

    def metric(self, name):
        """The sum over all labels of one metric; 0 when it is not there."""
        lines = self.http("/metrics")[1].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith((name + " ", name + "{")))

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def logged(self):
        return pathlib.Path(self.log).read_text(errors="replace")

    def person(self, name):
        """The environment in which the CLI is this person."""
        password = next(entry["password"] for entry in self.config["people"] if entry["name"] == name)
        return {"NARROWGATE_PERSON": name, "NARROWGATE_PASSWORD": password}

    def run(self, *arguments, person="ana", environment=None, stdin=None):
        """The CLI, as one person: a CompletedProcess."""
        variables = {**os.environ, **(self.person(person) if person else {}), **(environment or {})}
        at = arguments.index("--") if "--" in arguments else len(arguments)
        command = [BINARY, *arguments[:at], "--config", self.file, *arguments[at:]]
        return subprocess.run(command, capture_output=True, text=True, env=variables, input=stdin, timeout=60)

    def cli(self, *arguments, person="ana"):
        """What the CLI answers, read as JSON; a failure is an error here."""
        done = self.run(*arguments, "--json", person=person)
        if done.returncode != 0:
            raise RuntimeError(f"narrowgate {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def held(self, patience=15):
        """The id of the approval that is waiting, once there is exactly one."""
        def pending():
            return [entry["id"] for entry in self.cli("approvals", "list")["approvals"] if entry["state"] == "pending"]
        found = machine.until(lambda: pending() or None, patience)
        if not found or len(found) != 1:
            raise RuntimeError(f"expected one held statement, there are: {found or 'none'}")
        return found[0]
