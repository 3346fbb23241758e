"""examples/open: everything permitted, so that a client cannot tell the gateway from the server, as drivers' suites demand."""

import os
import struct
import subprocess
import unittest

from harness import gateway, machine, postgres, psql
from harness.wire import SYNC, Wire, bind, execute, message, parse

EXAMPLE = gateway.ROOT / "examples" / "open" / "narrowgate.yaml"
KEY = "a-key-for-tests-only"


class OpenGateway(gateway.Gateway):
    """The example file as it stands, told of this server by its variables."""

    def __init__(self, server, database):
        self.folder = machine.folder(prefix="narrowgate-open-")
        self.log, self.file = f"{self.folder}/log", str(EXAMPLE)
        self.ports = {name: machine.free_port() for name in ("postgres", "https", "admin")}
        self.process = None
        self.variables = {
            "UPSTREAM_HOST": server.host, "UPSTREAM_PORT": str(server.port), "UPSTREAM_USER": "postgres",
            "UPSTREAM_PASSWORD": server.password, "UPSTREAM_DB": database, "AGENT_KEY": KEY, "NG_DATA_DIR": f"{self.folder}/data",
            "NG_PG_PORT": str(self.ports["postgres"]), "NG_HTTPS_PORT": str(self.ports["https"]),
            "NG_ADMIN_PORT": str(self.ports["admin"])}

    def start(self):
        return super().start(environment=self.variables)


class Open(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.upstream = postgres.Postgres()
        cls.upstream.sql("CREATE DATABASE things")
        cls.gateway = OpenGateway(cls.upstream, "things").start()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()
        cls.upstream.stop()

    def psql(self, *statements, database="things", **how):
        return psql.run(self.gateway, *statements, user="suite", task="", password=KEY, database=database, tls=False, **how)

    def wire(self):
        connection = Wire(self.gateway, patience=60)
        self.addCleanup(connection.socket.close)
        connection.log_in(KEY, options="", user="suite", database="things")
        return connection

    def function(self, name):
        return int(self.upstream.sql(f"SELECT '{name}'::regprocedure::oid", "things"))

    def call(self, connection, name, *values):
        """A fast-path call with binary values, as libpq's PQfn makes it: the value, or the error."""
        body = struct.pack("!Ihhh", self.function(name), 1, 1, len(values))
        for value in values:
            body += struct.pack("!i", len(value)) + value
        connection.send(message("F", body + struct.pack("!h", 1)))
        answer = connection.read_until("Z")[0]
        return answer if answer.kind == "E" else answer.body[4:]


class FastPath(Open):
    def test_a_large_object_is_written_and_read_as_libpq_does(self):
        connection = self.wire()
        connection.ask("BEGIN")
        made = self.call(connection, "lo_creat(int)", struct.pack("!i", 0x60000))
        opened = self.call(connection, "lo_open(oid,int)", made, struct.pack("!i", 0x60000))
        data = os.urandom(5 << 20)
        self.assertEqual(self.call(connection, "lowrite(int,bytea)", opened, data), struct.pack("!i", len(data)))
        self.call(connection, "lo_lseek(int,int,int)", opened, struct.pack("!i", 0), struct.pack("!i", 0))
        self.assertEqual(self.call(connection, "loread(int,int)", opened, struct.pack("!i", len(data))), data)
        connection.ask("COMMIT")

    def test_an_error_in_a_call_leaves_the_session_in_step(self):
        connection = self.wire()
        eight, two, zero, four = (struct.pack("!i", number) for number in (8, 2, 0, 4))
        self.assertEqual(self.call(connection, "int4div(int,int)", eight, zero).sqlstate, "22012")
        self.assertEqual(self.call(connection, "int4div(int,int)", eight, two), four)


class Sizes(Open):
    def test_a_statement_of_twelve_megabytes_runs(self):
        connection = self.wire()
        answer = connection.ask("SELECT length('" + "x" * (12 << 20) + "')")
        self.assertEqual(answer[1].body[6:], str(12 << 20).encode())

    def test_a_value_of_half_a_gigabyte_is_streamed_and_not_held(self):
        before = self.gateway.resident_bytes()
        connection = self.wire()
        connection.send(parse("", "SELECT repeat('x', 500000000)"), bind("", ""), execute(""), SYNC)
        received = 0
        while received < 500_000_000:
            received += len(connection.socket.recv(1 << 20))
        self.assertLess(self.gateway.resident_bytes() - before, 64 << 20)


class Sessions(Open):
    def test_a_database_that_was_just_left_can_be_dropped(self):
        self.upstream.sql("CREATE DATABASE passing")
        for _ in range(4):
            self.assertEqual(self.psql("SELECT 1", database="passing").out, "1")
        dropped = self.psql("DROP DATABASE passing")
        self.assertEqual(dropped.code, 0, dropped.err)

    def test_clients_that_follow_each_other_at_once_meet_processes_of_their_own(self):
        pids = [self.psql("SELECT pg_backend_pid()").out for _ in range(6)]
        self.assertEqual(len(set(pids)), 6)

    def test_definitions_may_follow_each_other_quickly(self):
        script = "CREATE TABLE base (" + ",".join(f"c{at} text" for at in range(40)) + ");\n"
        script += "".join(f"CREATE TABLE child_{at} () INHERITS (base);\n" for at in range(150)) + "SELECT count(*) FROM base;\n"
        surroundings = psql.environment(self.gateway, user="suite", task="", password=KEY, database="things", tls=False)
        ran = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"], input=script, text=True,
                             capture_output=True, timeout=120, env=surroundings)
        self.assertEqual(ran.stdout.strip(), "0", ran.stderr)

    def test_replication_is_refused_with_the_servers_code(self):
        where = f"host=127.0.0.1 port={self.gateway.port} user=suite dbname=things replication=database"
        refused = subprocess.run(["psql", "-X", where],
                                 capture_output=True, text=True, env={**os.environ, "PGPASSWORD": KEY}, input="SELECT 1")
        self.assertIn("narrowgate", refused.stderr)
        self.assertNotEqual(refused.returncode, 0)
