"""The commands an agent runs: run, connect, token, scope, and asking for what was denied."""

import json
import os

from shop import ShopTest, config

IN_SCOPE = "SELECT count(*) FROM refunds WHERE state = 'stuck'"


class AgentTest(ShopTest):
    def agent(self, *arguments, name="refund-bot"):
        environment = {"NARROWGATE_KEY": self.gateway.key(name), "NARROWGATE_AGENT": name}
        return self.gateway.run(*arguments, person=None, environment=environment)

    def denied(self):
        """The name of a denial that has just been met."""
        return json.loads(self.psql("SELECT * FROM payments").field("DETAIL"))["decision"]


class Commands(AgentTest):
    def test_run_gives_a_stock_client_all_it_needs_and_no_secret_in_its_environment(self):
        done = self.agent("run", "refund-triage", "--", "psql", "-X", "-A", "-t", "-c", IN_SCOPE)
        self.assertEqual((done.stdout.strip(), done.returncode), ("3", 0), done.stderr)
        shown = self.agent("run", "refund-triage", "--", "env")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertIn("PGHOST=", shown.stdout)
        self.assertNotIn(self.upstream_password, shown.stdout)
        self.assertFalse(os.path.exists(variable(shown.stdout, "PGPASSFILE")), "the password file outlives the command")

    def test_run_ends_as_its_command_does(self):
        self.assertEqual(self.agent("run", "refund-triage", "--", "sh", "-c", "exit 7").returncode, 7)
        self.assertNotEqual(self.agent("run", "refund-triage", "--", "no-such-command").returncode, 0)

    def test_run_of_an_unknown_template_says_so(self):
        done = self.agent("run", "refund-triagee", "--", "true")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("refund-triagee", done.stderr)

    def test_connect_is_psql(self):
        done = self.agent("connect", "orders", "--task", "refund-triage", "--", "-X", "-A", "-t", "-c", IN_SCOPE)
        self.assertEqual((done.stdout.strip(), done.returncode), ("3", 0), done.stderr)

    def test_token_prints_what_pgpassword_wants(self):
        self.assertEqual(self.agent("token", "orders").stdout.strip(), self.gateway.key())

    def test_scope_prints_what_the_task_may_do(self):
        done = self.agent("scope", "--task", "refund-triage")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("public.refunds", done.stdout)
        self.assertNotIn("payments", done.stdout)


class Asking(AgentTest):
    @classmethod
    def configuration(cls):
        made = config()
        other = {**made["agents"][0], "name": "other-bot", "key": "another-agents-key-of-many-characters"}
        made["agents"].append(other)
        made["templates"][0]["agents"].append("other-bot")
        return made

    def asked(self):
        return {entry["decision"]: entry for entry in self.gateway.cli("approvals", "requests")["requests"]}

    def test_what_was_denied_can_be_asked_for_in_sql(self):
        decision = self.denied()
        answer = self.psql(f"CALL narrowgate.request('{decision}', 'refunds need the payment')")
        self.assertEqual((answer.out, answer.code), (f"asked for what {decision} denied; a person will see it", 0), answer.err)
        asked = self.asked()[decision]
        self.assertEqual((asked["agent"], asked["why"]), ("refund-bot", "refunds need the payment"))
        self.assertIn("was asked for already", self.psql(f"CALL narrowgate.request('{decision}', 'again')").out)

    def test_what_was_denied_can_be_asked_for_by_the_cli(self):
        decision = self.denied()
        done = self.agent("request", decision, "--why", "it's urgent", "--task", "refund-triage")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.asked()[decision]["why"], "it's urgent")

    def test_a_denial_that_is_not_ones_own_cannot_be_asked_for(self):
        decision = self.denied()
        for name, who in (("dec_none", "refund-bot"), (decision, "other-bot")):
            answer = self.psql(f"CALL narrowgate.request('{name}', 'please')", IN_SCOPE, user=who,
                               password=self.gateway.key(who))
            self.assert_refused_and_goes_on(answer, name)
            done = self.agent("request", name, "--why", "please", "--task", "refund-triage", name=who)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn(f"no denial of yours is called {name}", done.stderr)
        self.assertNotIn(decision, self.asked())

    def assert_refused_and_goes_on(self, answer, name):
        self.assertEqual(answer.sqlstates, ["42501"], answer.err)
        self.assertIn(f"no denial of yours is called {name}", answer.err)
        self.assertEqual(answer.out, "3")


def variable(environment, name):
    return next(line.split("=", 1)[1] for line in environment.splitlines() if line.startswith(name + "="))
