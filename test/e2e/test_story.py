"""What the README promises, told by a stock psql."""

import json
import pathlib
import re

from harness import machine, wire
from shop import ShopTest, config

IN_SCOPE = "SELECT count(*) FROM refunds WHERE state = 'stuck'"


class Connecting(ShopTest):
    def test_a_client_is_told_what_it_was_granted(self):
        answer = self.psql("SELECT 1")
        self.assertEqual(answer.code, 0, answer.err)
        self.assertRegex(answer.err, r"NOTICE: .*granted SELECT on 3 of 9 tables")

    def test_a_client_that_names_no_task_is_refused(self):
        answer = self.psql("SELECT 1", task="")
        self.assertEqual(answer.code, 2)
        self.assertRegex(answer.err, r"28000.*|task")

    def test_the_agent_name_may_carry_the_template(self):
        answer = self.psql(IN_SCOPE, task="", user="refund-bot/refund-triage")
        self.assertEqual((answer.out, answer.code), ("3", 0), answer.err)

    def test_scope_and_status_are_answered_by_the_gateway_itself(self):
        answer = self.psql("SELECT * FROM narrowgate.scope")
        self.assertEqual(answer.code, 0, answer.err)
        self.assertIn("public.refunds", answer.out)
        self.assertNotIn("payments", answer.out)
        self.assertEqual(self.psql("SELECT * FROM narrowgate.status").code, 0)
        self.assert_upstream_never_heard("narrowgate.scope")


class Statements(ShopTest):
    def test_a_select_in_scope_passes(self):
        answer = self.psql(IN_SCOPE)
        self.assertEqual((answer.out, answer.code), ("3", 0), answer.err)

    def test_a_table_outside_the_task_is_refused_and_never_reaches_the_upstream(self):
        word = self.marker()
        answer = self.psql(f"SELECT salary FROM staff WHERE name = '{word}'")
        self.assert_refused(answer, "42501")
        self.assert_upstream_never_heard(word)

    def test_a_refusal_says_what_was_needed_what_is_allowed_and_how_to_ask(self):
        answer = self.psql("SELECT * FROM payments")
        denial = json.loads(answer.field("DETAIL"))
        self.assertEqual(denial["code"], "scope_denied")
        self.assertEqual(denial["v"], 1)
        self.assertTrue(any("payments" in need for need in denial["need"]), denial)
        self.assertTrue(denial["decision"].startswith("dec_"))
        self.assertLessEqual(len(answer.field("DETAIL").encode()), 480)
        self.assertIn("narrowgate.request", answer.field("HINT"))

    def test_a_column_outside_the_task_is_refused_where_its_table_is_not(self):
        self.assertEqual(self.psql("SELECT name FROM customers WHERE id = 1").code, 0)
        answer = self.psql("SELECT email FROM customers WHERE id = 1")
        self.assert_refused(answer, "42501")
        self.assertEqual(json.loads(answer.field("DETAIL"))["need"], ["SELECT orders/public.customers(email)"])
        self.assert_refused(self.psql("SELECT * FROM customers WHERE id = 1"), "42501")

    def test_a_column_in_a_condition_counts_as_read(self):
        self.assert_refused(self.psql("SELECT id FROM customers WHERE phone LIKE '+44%'"), "42501")

    def test_a_session_goes_on_after_a_refusal(self):
        answer = self.psql("SELECT * FROM staff", IN_SCOPE)
        self.assertEqual(answer.sqlstates, ["42501"])
        self.assertEqual(answer.out, "3")

    def test_a_refusal_aborts_the_transaction_as_the_server_would(self):
        psql_at_work = self.terminal()
        psql_at_work.ask("BEGIN;")
        self.assertEqual(psql_at_work.prompt, "orders=*> ")
        self.assertIn("42501", psql_at_work.ask("SELECT * FROM staff;"))
        self.assertEqual(psql_at_work.prompt, "orders=!> ")
        self.assertIn("25P02", psql_at_work.ask(IN_SCOPE + ";"))
        psql_at_work.ask("ROLLBACK;")
        self.assertEqual(psql_at_work.prompt, "orders=> ")
        self.assertIn("3", psql_at_work.ask(IN_SCOPE + ";"))

    def test_a_statement_that_cannot_be_parsed_is_refused(self):
        word = self.marker()
        answer = self.psql(f"SELECT {word} FROM refunds WHERE ((")
        self.assertIn(answer.sqlstates[0], ("42601", "0A000"))
        self.assert_upstream_never_heard(word)

    def test_a_statement_that_cannot_be_classified_is_refused(self):
        word = self.marker()
        self.assert_refused(self.psql(f"DO $$ BEGIN EXECUTE 'SELECT ' || quote_literal('{word}'); END $$"), "0A000")
        self.assert_upstream_never_heard(word)

    def test_every_statement_of_a_text_counts(self):
        word = self.marker()
        self.assert_refused(self.psql(f"SELECT '{word}'; SELECT * FROM staff"), "42501")
        self.assert_upstream_never_heard(word)

    def test_a_write_hidden_in_a_read_is_a_write(self):
        for statement in ("WITH gone AS (DELETE FROM refunds RETURNING *) SELECT count(*) FROM gone",
                          "EXPLAIN ANALYZE DELETE FROM refunds", "SELECT * INTO stolen FROM refunds",
                          "COPY refunds FROM PROGRAM 'true'"):
            answer = self.psql(statement)
            self.assertIn(answer.sqlstates[:1], (["42501"], ["0A000"]), f"{statement}: {answer.err}")
        self.assertEqual(self.upstream.sql("SELECT count(*) FROM refunds", "orders"), "2800")

    def test_more_rows_than_the_grant_allows_are_not_handed_out(self):
        answer = self.psql("SELECT id FROM refunds")
        self.assertEqual(answer.sqlstates, ["53400"], answer.err)
        self.assertLessEqual(len(answer.out.splitlines()), 500)

    def test_rows_that_a_cursor_gives_in_parts_count_together(self):
        declare = "DECLARE c CURSOR FOR SELECT id FROM refunds"
        answer = self.psql("BEGIN", declare, "FETCH 300 FROM c", "FETCH 300 FROM c")
        self.assertEqual(answer.sqlstates, ["53400"], answer.err)
        self.assertLessEqual(len(answer.out.splitlines()), 500)
        again = self.psql("BEGIN", declare, "FETCH 300 FROM c", "CLOSE c", declare, "FETCH 300 FROM c")
        self.assertEqual(again.sqlstates, [], again.err)
        together = self.psql("BEGIN", f"{declare}; FETCH 300 FROM c", "SAVEPOINT s", "FETCH 150 FROM c; FETCH 150 FROM c")
        self.assertEqual(together.sqlstates, ["53400"], together.err)


class Time(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["templates"][0]["scope"][0]["limits"]["statement"] = "1s"
        return made

    def test_a_limit_of_time_is_not_the_clients_to_change(self):
        answer = self.psql("SET statement_timeout = 0", "SELECT count(*), pg_sleep(600) FROM refunds", IN_SCOPE)
        self.assertEqual(answer.sqlstates, ["53400"], answer.err)
        self.assertIn("1s", answer.err)
        self.assertEqual(answer.out, "3")


class Holds(ShopTest):
    def setUp(self):
        self.upstream.sql("ALTER TABLE refunds DISABLE TRIGGER refund_change; "
                          "UPDATE refunds SET state = CASE WHEN id IN (2417, 2502, 2688) THEN 'stuck' ELSE 'requested' END "
                          "WHERE batch = 7; ALTER TABLE refunds ENABLE TRIGGER refund_change", "orders")

    def states(self):
        return self.upstream.sql("SELECT state, count(*) FROM refunds WHERE batch = 7 GROUP BY state ORDER BY state", "orders")

    def hold(self, statement):
        """A terminal in which `statement` waits for a person, and the approval's id."""
        waiting = self.terminal()
        waiting.send(statement)
        shown = waiting.wait_for(r"NOTICE:.*apr_")
        approval = re.search(r"apr_\w+", shown).group(0)
        self.addCleanup(lambda: self.gateway.run("approvals", "deny", approval, "--reason", "not_now"))
        return waiting, approval

    def test_an_update_waits_for_a_person_and_then_runs_as_it_was_sent(self):
        waiting, approval = self.hold("UPDATE refunds SET state = 'approved' WHERE batch = 7 AND state = 'stuck' RETURNING id;")
        self.assertEqual(self.states(), "requested|397\nstuck|3")
        shown = self.gateway.cli("approvals", "show", approval)
        self.assertIn("state = 'stuck'", json.dumps(shown))
        self.assertRegex(shown["plan"][0], r"Update on refunds .*rows=")
        self.assertIn("Update on refunds", self.gateway.run("approvals", "show", approval).stdout)
        done = self.gateway.run("approvals", "approve", approval, "--once")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2417", waiting.wait())
        self.assertEqual(self.states(), "approved|3\nrequested|397")

    def test_an_approval_is_spent_by_one_run(self):
        statement = "UPDATE refunds SET state = 'approved' WHERE id = 2417;"
        waiting, approval = self.hold(statement)
        self.gateway.run("approvals", "approve", approval, "--once")
        waiting.wait()
        _, second = self.hold(statement)
        self.assertNotEqual(second, approval)

    def test_a_denied_statement_does_not_run_and_the_session_goes_on(self):
        waiting, approval = self.hold("UPDATE refunds SET state = 'void' WHERE id = 2502;")
        done = self.gateway.run("approvals", "deny", approval, "--reason", "wrong_target")
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = waiting.wait()
        self.assertIn("57014", shown)
        self.assertIn("wrong_target", shown)
        self.assertIn("3", waiting.ask(IN_SCOPE + ";"))
        self.assertEqual(self.states(), "requested|397\nstuck|3")

    def test_an_approval_for_several_runs_lets_its_task_repeat_the_statement(self):
        statement = "UPDATE refunds SET state = 'approved' WHERE id = 2417;"
        waiting, approval = self.hold(statement)
        done = self.gateway.run("approvals", "approve", approval, "--uses", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        waiting.wait()
        waiting.send(statement)
        self.assertNotIn("held", waiting.wait())
        waiting.send(statement)
        waiting.wait_for(r"NOTICE:.*apr_")  # a third run is asked about anew

    def test_the_owner_of_an_agent_cannot_approve_what_it_asks(self):
        _, approval = self.hold("UPDATE refunds SET state = 'void' WHERE id = 2688;")
        done = self.gateway.run("approvals", "approve", approval, "--once", person="olu")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("owner", done.stderr)
        self.assertEqual(self.states(), "requested|397\nstuck|3")

    def test_an_approved_statement_that_touches_too_many_rows_is_rolled_back(self):
        waiting, approval = self.hold("UPDATE refunds SET state = 'void' WHERE batch = 7;")
        self.gateway.run("approvals", "approve", approval, "--once")
        self.assertIn("53400", waiting.wait())
        self.assertEqual(self.states(), "requested|397\nstuck|3")

    def test_a_held_statement_is_withdrawn_when_its_client_leaves(self):
        waiting, approval = self.hold("UPDATE refunds SET state = 'void' WHERE id = 2417;")
        waiting.close()
        gone = machine.until(lambda: self.gateway.cli("approvals", "show", approval).get("state") == "withdrawn")
        self.assertTrue(gone)
        self.assertNotEqual(self.gateway.run("approvals", "approve", approval, "--once").returncode, 0)
        self.assertEqual(self.states(), "requested|397\nstuck|3")

    def test_a_client_may_cancel_what_is_held(self):
        waiting, _ = self.hold("UPDATE refunds SET state = 'void' WHERE id = 2417;")
        waiting.interrupt()
        self.assertIn("57014", waiting.wait())
        self.assertEqual(waiting.prompt, "orders=> ")

    def test_an_update_without_a_condition_is_refused_and_nobody_is_asked(self):
        answer = self.psql("UPDATE refunds SET state = 'void'")
        self.assert_refused(answer, "42501")
        self.assertIn("needs a WHERE clause", answer.err)


class Revoking(ShopTest):
    def test_a_revoked_agent_loses_its_running_query_and_its_connection(self):
        word, sleeping = self.marker(), self.terminal()
        sleeping.send(f"SELECT pg_sleep(600), '{word}';")
        self.assertTrue(machine.until(lambda: self.upstream.running(word)))
        done = self.gateway.run("revoke", "--agent", "refund-bot", "-y")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"\d+ ?ms|\d+\.\d+ ?s")
        self.assertIn("57P01", sleeping.wait())
        self.assertTrue(machine.until(lambda: not self.upstream.running(word), 5))


class Records(ShopTest):
    def latest_session(self):
        return self.gateway.cli("sessions", "list")["sessions"][0]["session"]

    def session_of(self, word):
        """The id of a session that asked something with `word` in it, and something that was refused."""
        self.psql(IN_SCOPE + f" AND reason <> '{word}'", "SELECT * FROM staff")
        return self.latest_session()

    def test_a_session_shows_what_was_asked_granted_used_held_and_denied(self):
        session = self.session_of(self.marker())
        done = self.gateway.run("sessions", "show", session)
        self.assertEqual(done.returncode, 0, done.stderr)
        for column in ("asked", "granted", "used", "held", "denied"):
            self.assertIn(column, done.stdout.lower())
        self.assertIn("public.staff", done.stdout)

    def test_the_whole_log_is_proved_and_one_changed_byte_is_found(self):
        self.session_of(self.marker())
        self.assertEqual(self.gateway.run("sessions", "verify").returncode, 0)
        self.gateway.stop()
        try:
            recorded = [path for path in pathlib.Path(self.gateway.data).rglob("*") if path.is_file() and "record" in str(path)]
            largest = max(recorded, key=lambda path: path.stat().st_size)
            original = largest.read_bytes()
            at = len(original.rstrip(b"\0")) // 2
            largest.write_bytes(original[:at] + bytes([original[at] ^ 1]) + original[at + 1:])
            done = self.gateway.run("sessions", "verify")
            self.assertNotEqual(done.returncode, 0, done.stdout)
            largest.write_bytes(original)
        finally:
            self.gateway.start()
        self.assertEqual(self.gateway.run("sessions", "verify").returncode, 0)

    def test_a_killed_gateway_loses_nothing_that_the_upstream_saw(self):
        word = self.marker()
        sleeping = self.terminal()
        sleeping.send(f"SELECT pg_sleep(600), '{word}';")
        self.assertTrue(machine.until(lambda: self.upstream.running(word)))
        self.gateway.kill()
        self.gateway.start()
        self.assertEqual(self.gateway.run("sessions", "verify").returncode, 0)
        shown = self.gateway.run("sessions", "show", self.latest_session()).stdout
        self.assertIn("pg_sleep", shown)

    def test_parameters_and_results_are_recorded_by_shape_only(self):
        word, reason = self.marker(), "never arrived"
        with wire.Wire(self.gateway) as connection:
            connection.log_in()
            text = f"SELECT reason FROM refunds WHERE reason = $1 AND id < 100 -- {word}"
            connection.send(wire.parse("", text), wire.bind("", "", [reason.encode()]), wire.execute(""), wire.SYNC)
            rows = [received for received in connection.read_until("Z") if received.kind == "D"]
            self.assertGreater(len(rows), 0)
        exported = self.gateway.run("sessions", "export", self.latest_session())
        self.assertEqual(exported.returncode, 0, exported.stderr)
        self.assertIn(word, exported.stdout)
        self.assertNotIn(reason, exported.stdout)


class Running(ShopTest):
    def test_nothing_in_the_agents_environment_opens_the_database(self):
        listing = self.gateway.run("run", "refund-triage", "--", "env", person=None,
                                   environment={"NARROWGATE_KEY": self.gateway.key()})
        self.assertEqual(listing.returncode, 0, listing.stderr)
        self.assertNotIn(self.upstream_password, listing.stdout)
        self.assertNotIn("AWS_SECRET", listing.stdout)
        self.assertIn("PGHOST", listing.stdout)

    def test_psql_under_run_needs_no_further_setting(self):
        done = self.gateway.run("run", "refund-triage", "--", "psql", "-X", "-A", "-t", "-c", IN_SCOPE, person=None,
                                environment={"NARROWGATE_KEY": self.gateway.key()})
        self.assertEqual(done.stdout.strip().splitlines()[-1:], ["3"], done.stderr)


class Draining(ShopTest):
    def test_sigterm_lets_running_statements_finish(self):
        busy = self.terminal()
        busy.send("SELECT pg_sleep(2), 'finished';")
        self.assertTrue(machine.until(lambda: self.upstream.running("finished")))
        self.gateway.process.terminate()
        self.assertIn("finished", busy.wait())
        self.assertEqual(self.gateway.process.wait(20), 0)
        self.gateway.start()

    def test_sigterm_does_not_wait_for_idle_sessions(self):
        self.gateway.stop()
        self.gateway.start("--drain", "10m")
        idle = self.terminal()
        idle.send("SELECT 'here';")
        self.assertIn("here", idle.wait())
        self.gateway.process.terminate()
        self.assertEqual(self.gateway.process.wait(60), 0)
        idle.send("SELECT 1;")
        self.assertIn("57P03", idle.wait())
        self.gateway.start()


class Tasks(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["templates"][0]["linger"] = "2s"
        return made

    def task(self, **who):
        status = self.psql("SELECT * FROM narrowgate.status", **who).out
        return dict(line.split("|") for line in status.splitlines())["task"]

    def state(self, task):
        return next(entry["state"] for entry in self.gateway.cli("tasks")["tasks"] if entry["id"] == task)

    def test_connections_for_the_same_work_share_a_task_that_waits_for_the_next(self):
        first = self.task()
        self.assertEqual(self.task(), first)
        self.assertNotEqual(self.task(options="-c narrowgate.ticket=JIRA-1"), first)
        with_a_user_name = self.task(task="", user="refund-bot/refund-triage")
        self.assertEqual(with_a_user_name, first)

    def test_a_task_that_nobody_comes_back_to_ends(self):
        first = self.task(options="-c narrowgate.ticket=JIRA-2")
        self.assertTrue(machine.until(lambda: self.state(first) == "completed"))
        self.assertNotEqual(self.task(options="-c narrowgate.ticket=JIRA-2"), first)

    def test_what_is_taken_back_is_not_joined(self):
        first = self.task(options="-c narrowgate.ticket=JIRA-3")
        self.assertEqual(self.gateway.run("revoke", "--task", first, "-y").returncode, 0)
        self.assertNotEqual(self.task(options="-c narrowgate.ticket=JIRA-3"), first)

    def test_a_task_that_is_refused_hundreds_of_times_a_minute_is_suspended_for_every_connection(self):
        task = self.task(options="-c narrowgate.ticket=JIRA-4")
        probing = self.psql(*["SELECT * FROM staff"] * 510, options="-c narrowgate.ticket=JIRA-4")
        self.assertEqual(probing.sqlstates[-1], "57P01", probing.err[-500:])
        refused = self.psql(IN_SCOPE, options="-c narrowgate.ticket=JIRA-4")
        self.assertEqual(refused.code, 2)
        self.assertIn(f"{task} is suspended", refused.err)
        self.assertEqual(self.psql(IN_SCOPE, options="-c narrowgate.ticket=JIRA-5").out, "3")
