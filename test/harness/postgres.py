"""A throwaway PostgreSQL on loopback: a data folder of its own, gone at the end. It writes down every statement it hears.

NARROWGATE_POSTGRES names the folder of an installation (with bin/postgres) other than the newest of /usr/lib/postgresql.
"""

import functools
import glob
import os
import pathlib
import secrets
import shutil
import signal
import subprocess

from . import machine

SHOP = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "shop"


class Postgres:
    """Runs from construction to stop(), or to the end of the program."""

    def __init__(self, *, tls=False, options=()):
        self.host = "127.0.0.1"
        self.port = machine.free_port()
        self.password = secrets.token_urlsafe(12)
        self._user = machine.unprivileged_user()
        self._programs = _programs(self._user)
        self.folder = machine.folder(self._user, "narrowgate-postgres-")
        self.data = f"{self.folder}/data"
        self.log = f"{self.folder}/log"
        self.ca = f"{self.folder}/server.crt" if tls else None
        self._tls = tls
        self._options = list(options)
        self._initialise()
        self._server = None
        self.start()
        machine.at_exit(self.stop)

    def _run(self, *command):
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder, **machine.as_user(self._user))

    def _initialise(self):
        secret = f"{self.folder}/password"
        self._run("sh", "-c", f'umask 077; printf %s "$1" > {secret}', "sh", self.password)
        self._run(f"{self._programs}/initdb", "-D", self.data, "-U", "postgres", f"--pwfile={secret}", "-A", "scram-sha-256",
                  "-E", "UTF8", "--locale=C.UTF-8", "-N")
        if self._tls:
            self._run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-days", "2", "-subj", "/CN=shop", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                      f"{self.folder}/server.key", "-out", f"{self.folder}/server.crt")

    def start(self):
        settings = {"port": self.port, "listen_addresses": self.host, "unix_socket_directories": "", "fsync": "off",
                    "log_statement": "all", "log_line_prefix": "[%p] ", "max_connections": 200, "shared_buffers": "64MB"}
        if self._tls:
            settings |= {"ssl": "on", "ssl_cert_file": self.ca, "ssl_key_file": f"{self.folder}/server.key"}
        flags = [f"-c{name}={value}" for name, value in settings.items()]
        pathlib.Path(self.log).touch()
        self._server = machine.start([f"{self._programs}/postgres", "-D", self.data, *flags, *self._options], user=self._user,
                                     log=self.log, cwd=self.folder)
        if not machine.until(lambda: self._server.poll() is not None or self._answers(), 60) or self._server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{self.heard()}")

    def stop(self):
        if self._server:
            machine.stop(self._server, signal.SIGINT)

    def _answers(self):
        return subprocess.run(["pg_isready", "-q", "-h", self.host, "-p", str(self.port)]).returncode == 0

    def sql(self, text, database="postgres", **variables):
        """Runs SQL as the superuser, past any gateway; what it answers, unaligned."""
        return self._psql(database, ["-c", text], variables)

    def load(self, files, database, **variables):
        return self._psql(database, [part for file in files for part in ("-f", str(file))], variables)

    def _psql(self, database, arguments, variables):
        command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", str(self.port), "-U",
                   "postgres", "-d", database]
        command += [part for name, value in variables.items() for part in ("-v", f"{name}={value}")]
        run = subprocess.run(command + arguments, capture_output=True, text=True, env=_environment(PGPASSWORD=self.password))
        if run.returncode != 0:
            raise RuntimeError(run.stderr.strip())
        return run.stdout.strip()

    def create_shop(self, database="orders", gateway_password=None):
        """The shop of examples/shop, and the role the gateway logs in as. Returns that role's password."""
        gateway_password = gateway_password or secrets.token_urlsafe(12)
        self.sql(f'CREATE DATABASE "{database}"')
        self.load([SHOP / "schema.sql", SHOP / "data.sql"], database)
        self.load([SHOP / "roles.sql"], database, gateway_password=gateway_password)
        return gateway_password

    def heard(self):
        """Everything the server has written to its log."""
        return pathlib.Path(self.log).read_text(errors="replace")

    def running(self, pattern):
        """How many sessions run something like `pattern` right now, this question not counted."""
        return int(self.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() "
                            f"AND query LIKE '%{pattern}%'"))


@functools.lru_cache
def _programs(user):
    """The folder of postgres and initdb, where `user` may run them."""
    if wanted := os.environ.get("NARROWGATE_POSTGRES"):
        return f"{_within_reach(wanted, user)}/bin"
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[4]))
    if not found:
        raise RuntimeError("no PostgreSQL server programs in /usr/lib/postgresql; scripts/test postgres installs them")
    return found[-1]


def _within_reach(installation, user):
    """The installation, or a copy of it: root's own cache is not open to the user that a server runs as."""
    reachable = subprocess.run(["test", "-x", f"{installation}/bin/postgres"], **machine.as_user(user)).returncode == 0
    if reachable:
        return installation
    return shutil.copytree(installation, f"{machine.folder(user, 'narrowgate-programs-')}/postgres", symlinks=True)


def _environment(**more):
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | more
