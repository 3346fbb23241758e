"""What people and machines get wrong: each is a clear answer that names thing, fault and remedy, and the gateway stays up."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import time
import unittest

from harness import gateway, machine, psql
from harness.wire import Wire
from shop import ShopTest, config, server

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"


class Configuration(unittest.TestCase):
    def complaints(self, change):
        made = config()
        change(made)
        broken = gateway.Gateway(made)
        with self.assertRaises(RuntimeError) as caught:
            broken.start()
        self.assertNotEqual(broken.process.returncode, 0)
        return str(caught.exception)

    def test_all_mistakes_are_reported_in_one_run(self):
        def change(made):
            made["listeners"]["postgres"]["tls"] = "of"
            made["resources"][0]["upstream"]["port"] = 99999
            made["agents"][0]["templates"] = ["refund-triagee"]
            made["colour"] = "green"
        said = self.complaints(change)
        for thing in ("tls", "99999", "refund-triagee", "colour"):
            self.assertIn(thing, said)

    def test_a_missing_file_is_named(self):
        done = subprocess.run([gateway.BINARY, "serve", "--config", "/nowhere/narrowgate.yaml"], capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/nowhere/narrowgate.yaml", done.stdout + done.stderr)

    def test_a_secret_is_not_repeated_in_a_complaint(self):
        def change(made):
            made["resources"][0]["upstream"]["login"]["password"]["password"] = {"word": "hunter2-hunter2"}
        self.assertNotIn("hunter2-hunter2", self.complaints(change))

    def test_a_port_that_is_taken_is_named(self):
        first = gateway.Gateway(config()).start()
        second = gateway.Gateway(config())
        second.config["listeners"]["postgres"]["address"] = f"127.0.0.1:{first.port}"
        second.write_config()
        with self.assertRaises(RuntimeError) as caught:
            second.start()
        self.assertIn(str(first.port), str(caught.exception))
        first.stop()

    def test_two_gateways_do_not_share_a_folder(self):
        first = gateway.Gateway(config()).start()
        second = gateway.Gateway(config(), data_dir=first.data)
        with self.assertRaises(RuntimeError) as caught:
            second.start()
        self.assertIn(first.data, str(caught.exception))
        self.assertEqual(psql.run(first, READ).out, "3")
        first.stop()

    def test_policies_that_do_not_validate_keep_the_gateway_from_starting(self):
        folder = machine.folder()
        mistaken = 'permit (principal, action == Narrowgate::Action::"sql.selct", resource);\n'
        pathlib.Path(folder, "broken.cedar").write_text(mistaken)
        said = self.complaints(lambda made: made.update(policies=folder))
        self.assertIn("broken.cedar", said)


class Logins(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["agents"].append({"name": "idle-bot", "owner": "olu", "key": "idle-bot-has-a-key"})
        made["agents"].append({"name": "benched-bot", "owner": "olu", "key": "a-key-that-is-long-enough", "suspended": True})
        made["templates"][0]["agents"].append("benched-bot")
        return made

    def assert_turned_away(self, answer, sqlstates=("28000", "28P01")):
        self.assertEqual(answer.code, 2, answer.out)
        # psql does not show the SQLSTATE of a failed login; the raw answer is looked at in test_wire.
        self.assertRegex(answer.err, "FATAL")

    def test_a_wrong_key_is_refused_without_saying_what_was_wrong(self):
        answer = self.psql(READ, password="not the key")
        self.assert_turned_away(answer)
        self.assertNotIn("not the key", self.gateway.logged())

    def test_an_unknown_resource_is_named_as_such(self):
        answer = self.psql(READ, database="ordersss")
        self.assert_turned_away(answer)
        self.assertIn("ordersss", answer.err)

    def test_an_unknown_template_is_named_as_such(self):
        answer = self.psql(READ, task="refund-triagee")
        self.assert_turned_away(answer)
        self.assertIn("refund-triagee", answer.err)

    def test_a_template_of_somebody_else_is_refused(self):
        self.assert_turned_away(self.psql(READ, user="idle-bot", password="idle-bot-has-a-key"))

    def test_a_suspended_agent_is_refused(self):
        self.assert_turned_away(self.psql(READ, user="benched-bot", password="a-key-that-is-long-enough"))

    def test_an_enrolled_key_works_until_it_is_revoked(self):
        made = self.gateway.cli("agents", "enrol", "refund-bot")
        self.assertEqual(self.psql(READ, password=made["key"]).out, "3")
        done = self.gateway.run("agents", "revoke-key", "refund-bot", made["id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_turned_away(self.psql(READ, password=made["key"]))

    def test_a_key_is_nowhere_in_the_data_folder(self):
        made = self.gateway.cli("agents", "enrol", "refund-bot")
        self.psql(READ, password=made["key"])
        secret = made["key"].encode()
        for path in pathlib.Path(self.gateway.data).rglob("*"):
            if path.is_file():
                self.assertNotIn(secret, path.read_bytes(), path)


class PlainText(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["listeners"]["postgres"]["plaintext"] = "refuse"
        return made

    def test_a_client_without_tls_is_told_to_use_it(self):
        answer = self.psql(READ, tls=False)
        self.assertEqual(answer.code, 2)
        self.assertRegex(answer.err, r"FATAL:.*encrypted connection(?s:.*)HINT:.*sslmode=")

    def test_the_password_is_not_even_asked_for_without_tls(self):
        with Wire(self.gateway) as connection:
            answer = connection.log_in("a password in clear")
            self.assertEqual([received.kind for received in answer], ["E"])
            self.assertEqual(answer[0].fields["S"], "FATAL")

    def test_the_same_client_with_tls_is_served(self):
        self.assertEqual(self.psql(READ).out, "3")


class DeepSql(ShopTest):
    """Text that kills parsers. An answer of any kind will do; a dead process will not."""

    def survives(self, text):
        with Wire(self.gateway, patience=60) as connection:
            connection.log_in()
            answer = connection.ask(text)
            self.assertEqual(answer[-1].kind, "Z")
            self.assertIn("3", connection.ask(READ)[1].body.decode())

    def test_long_chains_of_operators_are_answered(self):
        for joined in ("1" + "+1" * 50_000, "'a'" + "||'a'" * 50_000, "NOT " * 50_000 + "true"):
            self.survives(f"SELECT {joined}")

    def test_deep_parentheses_are_answered(self):
        for depth in (1_000, 100_000):
            self.survives("SELECT " + "(" * depth + "1" + ")" * depth)

    def test_deep_subselects_are_answered(self):
        self.survives("SELECT * FROM " + "(SELECT * FROM " * 20_000 + "refunds" + ") x" * 20_000)

    def test_twenty_thousand_joins_are_answered(self):
        self.survives("SELECT 1 FROM refunds " + "JOIN refunds USING (id) " * 20_000)

    def test_a_statement_of_a_megabyte_is_answered(self):
        self.survives("SELECT '" + "x" * ((16 << 20) - 20) + "'")
        self.survives("SELECT 1 IN (" + "1," * 1_200_000 + "1)")

    def test_many_unions_and_casts_are_answered(self):
        self.survives("SELECT 1" + " UNION SELECT 1" * 20_000)
        self.survives("SELECT 1" + "::int" * 50_000)


class FullDisk(unittest.TestCase):
    """A data folder on a file system of its own, filled up."""

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("needs root, to mount a small file system")
        cls.folder = machine.folder()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", cls.folder], capture_output=True).returncode != 0:
            raise unittest.SkipTest("this machine does not let us mount a small file system")
        machine.at_exit(lambda: subprocess.run(["umount", "-l", cls.folder], capture_output=True))
        cls.gateway = gateway.Gateway(config(), data_dir=f"{cls.folder}/data").start()

    def fill(self):
        with open(f"{self.folder}/ballast", "wb") as ballast:
            try:
                while True:
                    ballast.write(b"x" * 65536)
                    ballast.flush()
            except OSError:
                pass

    def test_nothing_is_forwarded_that_cannot_be_recorded_and_service_resumes_with_room(self):
        upstream, _ = server()
        self.fill()
        answer, heard = None, None
        # What was set aside beforehand may still be written to; after that, statements are refused.
        for number in range(20_000):
            heard = f"full_disk_{number:06}_" + "y" * 2000
            answer = psql.run(self.gateway, *[f"SELECT '{heard}_{part}'" for part in range(50)])
            if answer.code != 0:
                break
        self.assertNotEqual(answer.code, 0, "the disk is full and statements still pass")
        self.assertTrue(self.gateway.alive())
        self.assertRegex(answer.err, r"FATAL|ERROR")
        os.remove(f"{self.folder}/ballast")
        self.assertTrue(machine.until(lambda: psql.run(self.gateway, READ).out == "3", 30))
        self.assertEqual(self.gateway.run("sessions", "verify").returncode, 0)


class Clock(unittest.TestCase):
    LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

    def test_a_clock_that_jumps_neither_prolongs_a_grant_nor_stops_the_gateway(self):
        if not os.path.exists(self.LIBRARY):
            self.skipTest("libfaketime is not installed")
        made = config()
        made["templates"][0]["duration"] = "10s"
        running = gateway.Gateway(made)
        offset = pathlib.Path(running.folder, "offset")
        offset.write_text("+0")
        running.start(environment={"LD_PRELOAD": self.LIBRARY, "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
                                   "FAKETIME_DONT_FAKE_MONOTONIC": "1"})
        session = psql.Terminal(psql.environment(running), ("-X", "-n", "-q", "-v", "VERBOSITY=verbose"))
        self.assertIn("3", session.ask(READ + ";"))
        offset.write_text("-3600")
        time.sleep(12)  # by the steady clock the grant is over, whatever the wall clock says
        self.assertIn("57P01", session.ask(READ + ";"))
        offset.write_text("+7200")
        after = psql.run(running, READ)
        self.assertEqual(after.out, "3", after.err)
        running.stop()


class Tokens(ShopTest):
    """Identity tokens of an issuer nobody configured, or that are not what they say."""

    def forged(self, **header):
        def part(value):
            return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
        now = int(time.time())
        signed = part({"alg": "HS256", "typ": "JWT"} | header) + "." + part(
            {"iss": "https://idp.example", "sub": "refund-bot", "aud": "https://narrowgate.example", "iat": now,
             "exp": now + 300})
        signature = hmac.digest(b"secret", signed.encode(), hashlib.sha256)
        return signed + "." + base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    def test_a_forged_token_is_refused_whatever_its_algorithm_claims(self):
        for header in ({}, {"alg": "none"}, {"alg": "RS256"}, {"alg": "ES256", "jku": "https://192.0.2.1/keys"}):
            answer = self.psql(READ, password=self.forged(**header))
            self.assertEqual(answer.code, 2)

    def test_a_token_is_not_written_to_the_log(self):
        token = self.forged()
        self.psql(READ, password=token)
        self.assertNotIn(token, self.gateway.logged())
