"""The second lock: a database role for each grant, which the database itself holds to the grant's scope."""

from harness import gateway, machine, postgres
from shop import ShopTest

READ = "SELECT count(*) FROM refunds WHERE state = 'stuck'"
MAY_MAKE_ROLES = """
    ALTER ROLE narrowgate_orders CREATEROLE;
    GRANT USAGE ON SCHEMA public TO narrowgate_orders WITH GRANT OPTION;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO narrowgate_orders WITH GRANT OPTION;
    GRANT INSERT, UPDATE, DELETE ON refunds, support_tickets TO narrowgate_orders WITH GRANT OPTION;
"""


class RolesTest(ShopTest):
    """On a server of its own: what is granted here is for all of it."""

    @classmethod
    def configuration(cls):
        made = gateway.shop_config(cls.upstream, cls.upstream_password)
        made["templates"][0]["linger"] = "1s"
        return made

    @classmethod
    def setUpClass(cls):
        cls.upstream = postgres.Postgres()
        cls.upstream_password = cls.upstream.create_shop()
        cls.prepare()
        cls.gateway = gateway.Gateway(cls.configuration()).start()

    @classmethod
    def prepare(cls):
        cls.upstream.sql(MAY_MAKE_ROLES, "orders")

    def roles(self):
        """Those of grants that live."""
        return self.upstream.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'narrowgate\\_%\\_%' AND rolcanlogin "
                                 "AND rolname <> 'narrowgate_orders' ORDER BY 1").split()

    def as_role(self, role, statement):
        """What the database says to a session of that role, with nothing of ours in between."""
        try:
            return self.upstream.sql(f"SET SESSION AUTHORIZATION {role}; {statement}", "orders")
        except RuntimeError as refused:
            return str(refused)


class EachGrant(RolesTest):
    def test_a_session_is_a_role_of_its_grants_own_which_goes_with_it(self):
        open_session = self.terminal()
        self.assertIn("3", open_session.ask(READ + ";"))
        role, = self.roles()
        self.assertIn(role, open_session.ask("SELECT current_user;"))
        self.assertEqual(self.upstream.sql(f"SELECT DISTINCT usename FROM pg_stat_activity WHERE usename = '{role}'"), role)
        open_session.close()
        self.assertTrue(machine.until(lambda: self.roles() == []), self.roles())

    def test_connections_of_one_task_share_it_and_another_task_has_another(self):
        first, second, other = self.terminal(), self.terminal(), self.terminal(options="-c narrowgate.ticket=JIRA-1")
        for each in (first, second, other):
            self.assertIn("3", each.ask(READ + ";"))
        self.assertEqual(len(self.roles()), 2)

    def test_the_database_refuses_what_the_scope_does_not_name_whoever_lets_it_through(self):
        self.terminal().ask(READ + ";")
        role = self.roles()[0]
        for allowed in ("SELECT id, name FROM customers LIMIT 1", READ,
                        "BEGIN; UPDATE refunds SET state = 'void' WHERE id = 1; ROLLBACK"):
            self.assertNotIn("permission denied", self.as_role(role, allowed))
        for refused in ("SELECT email FROM customers", "SELECT * FROM customers", "SELECT * FROM staff", "SELECT * FROM payments",
                        "UPDATE refunds SET amount = 0", "UPDATE orders SET state = 'paid'", "DELETE FROM refunds",
                        "INSERT INTO refunds SELECT * FROM refunds", "TRUNCATE refunds", "CREATE TABLE mine (id int)",
                        "DROP TABLE refunds", "ALTER TABLE refunds ADD mine int", "SET ROLE narrowgate_orders",
                        "COPY refunds FROM PROGRAM 'true'", "SELECT pg_read_file('/etc/passwd')", "CREATE ROLE mine",
                        "GRANT SELECT ON staff TO PUBLIC"):
            self.assertRegex(self.as_role(role, refused), "permission denied|must be (owner|superuser)|must have", refused)

    def test_revoking_takes_the_role_away_at_once(self):
        open_session = self.terminal(options="-c narrowgate.ticket=JIRA-2")
        open_session.ask(READ + ";")
        before = set(self.roles())
        self.assertTrue(before)
        self.assertEqual(self.gateway.run("revoke", "--agent", "refund-bot", "-y").returncode, 0)
        self.assertTrue(machine.until(lambda: not before & set(self.roles())))

    def test_a_held_write_runs_as_that_role(self):
        self.addCleanup(self.upstream.sql, "UPDATE refunds SET state = 'stuck' WHERE id = 2417", "orders")
        waiting = self.terminal()
        waiting.send("UPDATE refunds SET state = 'approved' WHERE id = 2417;")
        held = self.gateway.held()
        self.assertEqual(self.gateway.cli("approvals", "show", held)["preview"]["rows"], 1)
        self.assertEqual(self.gateway.run("approvals", "approve", held, "--once").returncode, 0)
        self.assertNotIn("ERROR", waiting.wait())
        self.assertEqual(self.upstream.sql("SELECT state FROM refunds WHERE id = 2417", "orders"), "approved")

    def test_what_is_in_scope_and_what_is_refused_is_as_without_roles(self):
        self.assertEqual(self.psql(READ, "SELECT name FROM customers WHERE id = 1", "SHOW search_path").code, 0)
        self.assert_refused(self.psql("SELECT email FROM customers"), "42501")
        self.assert_refused(self.psql("SET ROLE narrowgate_orders"), "42501")


class Orphans(RolesTest):
    def test_roles_of_a_gateway_that_was_killed_go_when_it_starts_again(self):
        self.terminal().ask(READ + ";")
        left, = self.roles()
        self.gateway.kill()
        self.assertEqual(self.roles(), [left])
        # As the gateway would have: from PostgreSQL 16 on only who made a role may drop it.
        self.upstream.sql("SET ROLE narrowgate_orders; CREATE ROLE narrowgate_0badcafe_01abc LOGIN VALID UNTIL '2020-01-01'; "
                          "CREATE ROLE narrowgate_0badcafe_01def LOGIN VALID UNTIL '2120-01-01'")
        self.gateway.start()
        self.assertTrue(machine.until(lambda: self.roles() == ["narrowgate_0badcafe_01def"]), self.roles())
        of_scopes = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'narrowgate\\_%\\_%' AND NOT rolcanlogin"
        self.assertTrue(machine.until(lambda: self.upstream.sql(of_scopes) == "0"))
        self.assertEqual(self.psql(READ).out, "3")


class ReadOnly(RolesTest):
    @classmethod
    def configuration(cls):
        made = super().configuration()
        made["templates"][0]["scope"] = made["templates"][0]["scope"][:1]
        return made

    def test_a_grant_that_only_reads_has_sessions_that_cannot_write(self):
        self.assertEqual(self.psql("SHOW transaction_read_only").out, "on")


class WithoutTheRight(RolesTest):
    @classmethod
    def prepare(cls):
        pass

    def test_the_login_itself_serves_where_it_may_not_make_roles(self):
        answer = self.psql(READ, "SELECT current_user")
        self.assertEqual(answer.out, "3\nnarrowgate_orders")


class WithHalfTheRight(RolesTest):
    @classmethod
    def prepare(cls):
        cls.upstream.sql("ALTER ROLE narrowgate_orders CREATEROLE", "orders")

    def test_a_role_that_could_not_do_the_work_is_not_made(self):
        answer = self.psql(READ, "SELECT current_user")
        self.assertEqual(answer.out, "3\nnarrowgate_orders")
        self.assertEqual(self.upstream.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'narrowgate\\_%\\_%'"), "0")


class Required(RolesTest):
    @classmethod
    def configuration(cls):
        made = super().configuration()
        made["resources"][0]["upstream"]["roles"] = "per-grant"
        return made

    @classmethod
    def prepare(cls):
        pass

    def test_no_session_opens_where_a_role_is_wanted_and_cannot_be_made(self):
        answer = self.psql(READ)
        self.assertEqual(answer.code, 2)
        self.assertIn("no account could be made", answer.err)
        self.assertIn("may not create roles", self.gateway.logged())
        examined = self.gateway.run("doctor", person=None)
        self.assertIn("narrowgate resources harden orders", examined.stdout)
        self.assertNotEqual(examined.returncode, 0)


class Hardened(RolesTest):
    """What `narrowgate resources harden` prints is all that a database needs."""

    @classmethod
    def configuration(cls):
        made = super().configuration()
        made["resources"][0]["upstream"]["roles"] = "per-grant"
        made["templates"][0]["scope"].append({"resource": "orders", "verbs": ["INSERT"], "objects": ["public.support_tickets"]})
        made["templates"].append({"name": "look-around", "agents": ["refund-bot"],
                                  "scope": [{"resource": "orders", "verbs": ["SELECT"], "objects": ["*.*"]}]})
        return made

    @classmethod
    def prepare(cls):
        cls.upstream.sql("DROP OWNED BY narrowgate_orders", "orders")
        cls.upstream.sql("CREATE ROLE reporting LOGIN; CREATE FUNCTION wages() RETURNS bigint LANGUAGE sql SECURITY DEFINER "
                         "AS 'SELECT count(*) FROM staff'", "orders")
        printed = gateway.Gateway(cls.configuration()).run("resources", "harden", "orders", person=None)
        if printed.returncode != 0:
            raise RuntimeError(printed.stderr)
        for _ in range(2):  # it may be run again
            cls.upstream.sql(printed.stdout, "orders")

    def test_grants_get_roles_of_their_own(self):
        self.assertEqual(self.psql(READ).out, "3")
        self.assertEqual(self.psql("SELECT count(*) FROM payments", task="look-around").code, 0)

    def test_the_login_may_do_what_templates_name_and_no_more(self):
        self.assertIn("permission denied", self.as_role("narrowgate_orders", "DELETE FROM refunds"))
        self.assertNotIn("permission denied", self.as_role("narrowgate_orders", READ))

    def test_what_runs_with_its_owners_rights_is_for_those_who_had_it(self):
        self.assertNotIn("permission denied", self.as_role("reporting", "SELECT wages()"))
        self.assertIn("permission denied for function", self.as_role("narrowgate_orders", "SELECT wages()"))

    def test_doctor_knows_whom_sessions_are(self):
        self.assertIn("makes a role for each grant", self.gateway.run("doctor", person=None).stdout)

    def test_a_superuser_is_no_login_for_a_gateway(self):
        made = self.configuration()
        made["resources"][0]["upstream"]["login"]["password"]["user"] = "postgres"
        printed = gateway.Gateway(made).run("resources", "harden", "orders", person=None)
        with self.assertRaisesRegex(RuntimeError, "postgres is a superuser"):
            self.upstream.sql(printed.stdout, "orders")

    def test_a_resource_that_is_not_there_is_named(self):
        done = self.gateway.run("resources", "harden", "ordres", person=None)
        self.assertEqual(done.returncode, 1)
        self.assertIn('"ordres"', done.stderr)
