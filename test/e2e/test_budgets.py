"""What one task may use up, over all its statements and connections."""

from shop import ShopTest, config

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"
FOUR_HUNDRED = "SELECT id FROM refunds WHERE batch = 7"


class Budgets(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        limits = {"resource": "orders", "verbs": ["SELECT"], "objects": ["public.refunds"], "limits": {"rows_read": 500}}
        writes = {"resource": "orders", "verbs": ["UPDATE"], "objects": ["public.refunds(state)"], "where": "required",
                  "limits": {"rows_written": 5}}
        for name, budget in (("rows", {"rows_read": 1000}), ("bytes", {"bytes": "4KiB"}), ("statements", {"statements": 3}),
                             ("writes", {"rows_written": 6}), ("time", {"time": "2s"})):
            made["templates"].append({"name": name, "agents": ["refund-bot"], "scope": [limits, writes], "budget": budget})
        return made

    def test_rows_count_over_statements_and_connections_and_a_used_up_task_does_not_begin_anew(self):
        for _ in range(2):
            self.assertEqual(len(self.psql(FOUR_HUNDRED, task="rows").out.splitlines()), 400)
        third = self.psql(FOUR_HUNDRED, task="rows")
        self.assertEqual(third.sqlstates[:1], ["53400"], third.err)
        self.assertLessEqual(len(third.out.splitlines()), 200)
        refused = self.psql(READ, task="rows")
        self.assertEqual(refused.code, 2)
        self.assertIn("is used up", refused.err)
        self.assertEqual(self.psql(READ, task="refund-triage").out, "3")

    def test_parts_of_one_answer_count_while_they_come(self):
        parts = ("BEGIN", "DECLARE c CURSOR FOR " + FOUR_HUNDRED, "FETCH 300 FROM c", "COMMIT")
        answer = self.psql(*parts, FOUR_HUNDRED, FOUR_HUNDRED, task="rows", options="-c narrowgate.ticket=JIRA-1")
        self.assertIn("53400", answer.sqlstates, answer.err)
        self.assertLessEqual(len(answer.out.splitlines()), 1000)

    def test_bytes_are_cut_off(self):
        answer = self.psql("SELECT repeat('x', 1000) FROM refunds WHERE batch = 7", task="bytes")
        self.assertEqual(answer.sqlstates[:1], ["53400"], answer.err)
        self.assertLessEqual(len(answer.out), 4096)

    def test_one_statement_too_many_is_refused(self):
        answer = self.psql(READ, READ, READ, READ, task="statements")
        self.assertEqual(answer.out.split(), ["3", "3", "3"], answer.err)
        self.assertNotEqual(answer.code, 0)
        self.assertIn("is used up", answer.err)

    def test_a_write_that_would_pass_the_budget_is_rolled_back(self):
        write = "UPDATE refunds SET state = state WHERE batch = 7 AND id IN (SELECT id FROM refunds WHERE batch = 7 LIMIT {})"
        self.assertEqual(self.psql(write.format(4), task="writes").code, 0)
        over = self.psql(write.format(3), task="writes")
        self.assertEqual(over.sqlstates, ["53400"], over.err)
        self.assertIn("rolled back", over.err)
        self.assertEqual(self.psql(write.format(2), task="writes").code, 0)
        self.assertIn("is used up", self.psql(READ, task="writes").err)

    def test_time_counts_over_statements_and_what_runs_out_of_it_is_cancelled(self):
        first = self.psql("SELECT pg_sleep(1.5)", task="time")
        self.assertEqual(first.code, 0, first.err)
        second = self.psql("SELECT 'then' FROM pg_sleep(30)", task="time")
        self.assertEqual(second.sqlstates[:1], ["53400"], second.err)
        self.assertIn("what was left of its budget", second.err)
        self.assertIn("is used up", self.psql(READ, task="time").err)
        self.assertEqual(self.upstream.running("pg_sleep(30)"), 0)
