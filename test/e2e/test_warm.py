"""Upstream connections that the next client of the same task gets: as if they were new, and nobody else's."""

from harness import machine
from shop import ShopTest, config

PID = "SELECT pg_backend_pid()"
OURS = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'tsk\\_%'"


class Warm(ShopTest):
    @classmethod
    def configuration(cls):
        made = config()
        made["resources"][0]["environment"] = "dev"
        scope = [{"resource": "orders", "verbs": ["*"], "objects": ["*.*", "pg_temp.*"], "limits": {"rows_written": 10}}]
        made["templates"] += [
            {"name": "open", "agents": ["refund-bot"], "scope": scope, "linger": "1m"},
            {"name": "alone", "agents": ["refund-bot"], "scope": scope, "linger": "0s"},
            {"name": "short", "agents": ["refund-bot"], "scope": scope, "linger": "1s"},
        ]
        return made

    def pids(self, *tasks, ticket=""):
        option = f"-c narrowgate.ticket={ticket}" if ticket else ""
        return [self.psql(PID, task=task, options=option).out for task in tasks]

    def test_the_next_client_of_a_task_gets_the_connection_of_the_last(self):
        # Loops have their own: of three clients on two loops some two share one.
        seen = self.pids(*["open"] * 8)
        self.assertLess(len(set(seen)), 8, seen)

    def test_nothing_of_the_last_client_is_left(self):
        left = ("SET work_mem = '12MB'", "SET search_path = pg_catalog", "PREPARE p AS SELECT 1", "LISTEN news",
                "CREATE TEMP TABLE t (i int)", "SELECT pg_advisory_lock(7)", "SET default_transaction_read_only = on")
        look = ("SHOW work_mem", "SHOW search_path", "SELECT count(*) FROM pg_prepared_statements",
                "SELECT count(*) FROM pg_listening_channels()", "SELECT to_regclass('pg_temp.t') IS NULL",
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", "SHOW default_transaction_read_only", "SHOW role")
        fresh = self.psql(*look, task="alone").out
        pids = set()
        for _ in range(6):
            first = self.psql(PID, *left, task="open", options="-c narrowgate.ticket=LEFT")
            self.assertEqual(first.code, 0, first.err)
            again = self.psql(PID, *look, task="open", options="-c narrowgate.ticket=LEFT")
            pid, rest = again.out.split("\n", 1)
            self.assertEqual(rest, fresh)
            pids.add(pid)
        self.assertLess(len(pids), 6, "some were used again")

    def test_another_task_has_others(self):
        self.assertFalse(set(self.pids(*["open"] * 4, ticket="A-1")) & set(self.pids(*["open"] * 4, ticket="B-2")))

    def test_a_task_without_linger_keeps_none(self):
        pids = self.pids(*["alone"] * 4)
        self.assertEqual(len(set(pids)), 4)
        self.assertTrue(machine.until(lambda: not set(self.upstream.sql(OURS).split()) & set(pids)))

    def test_they_go_with_their_task(self):
        pid, = self.pids("short")
        self.assertTrue(machine.until(lambda: pid not in self.upstream.sql(OURS).split(), patience=10))

    def test_a_client_that_leaves_in_a_transaction_leaves_nothing(self):
        terminal = self.terminal(task="open", options="-c narrowgate.ticket=TX")
        pid = terminal.ask("BEGIN; SELECT pg_backend_pid() AS pid;")
        self.assertIn("pid", pid)
        terminal.close()
        self.assertTrue(machine.until(lambda: self.upstream.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE "
                                                                "'idle in%' AND application_name LIKE 'tsk\\_%'") == "0"))

    def test_a_connection_that_died_meanwhile_is_not_handed_out(self):
        pids = self.pids(*["open"] * 4, ticket="DEAD")
        self.upstream.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN ({','.join(set(pids))})")
        answers = [self.psql(PID, task="open", options="-c narrowgate.ticket=DEAD") for _ in range(4)]
        self.assertEqual([answer.code for answer in answers], [0] * 4, answers)
        self.assertFalse({answer.out for answer in answers} & set(pids))

    def test_each_goes_by_the_name_of_its_session(self):
        names = [self.psql("SHOW application_name", task="open", options="-c narrowgate.ticket=NAME").out for _ in range(6)]
        self.assertEqual(len(set(names)), 6, names)
        self.assertEqual(len({name.split("/")[0] for name in names}), 1, "of one task")
