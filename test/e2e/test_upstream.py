"""An upstream that cannot be trusted: it proves itself before it is believed, and no password goes to it in clear."""

from harness import gateway, impostor, machine, postgres, psql
from shop import ShopTest, server


class UpstreamTest(ShopTest):
    """Each test has an upstream of its own."""

    @classmethod
    def setUpClass(cls):
        cls.upstream, cls.upstream_password = server()

    @classmethod
    def tearDownClass(cls):
        pass

    def tearDown(self):
        if hasattr(self, "gateway"):
            super().tearDown()
            self.gateway.stop()

    def connect_to(self, upstream, password="a password of the gateway's"):
        self.gateway = gateway.Gateway(gateway.shop_config(upstream, password)).start()
        return psql.run(self.gateway, "SELECT 1")

    def assert_unavailable(self, answer):
        self.assertEqual(answer.code, 2, answer.err)
        # psql does not show the SQLSTATE of a failed login.
        self.assertRegex(answer.err, r"FATAL:  narrowgate: the "
                                     r"(database behind the gateway (cannot be reached|refused)|gateway cannot do this)")

    def play(self, play):
        stage = impostor.Impostor(play)
        self.assert_unavailable(self.connect_to(stage))
        return b"".join(body for _, body in stage.heard)


class Impostors(UpstreamTest):
    def test_a_password_asked_for_in_clear_is_not_given(self):
        self.assertNotIn(b"a password of the gateway's", self.play(impostor.asks_for_the_password_in_clear))
        self.assertTrue(machine.until(lambda: "asks for the password in clear" in self.gateway.logged()))

    def test_too_few_or_too_many_scram_iterations_are_refused(self):
        self.assertNotIn(b"p=", self.play(impostor.scram_with(iterations=1)))
        self.gateway.stop()
        self.assertNotIn(b"p=", self.play(impostor.scram_with(iterations=2**31 - 1)))

    def test_a_nonce_that_does_not_extend_ours_is_refused(self):
        self.assertNotIn(b"p=", self.play(impostor.scram_with(own_nonce=True)))

    def test_an_upstream_that_does_not_know_the_password_is_not_used(self):
        heard = self.play(impostor.scram_with(signature="v=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
        self.assertNotIn(b"SELECT", heard)

    def test_a_foreign_way_of_logging_in_is_refused(self):
        self.play(impostor.asks_for_a_foreign_mechanism)

    def test_a_message_of_two_gigabytes_is_not_waited_for(self):
        self.play(impostor.promises_a_message_of_two_gigabytes)
        self.assertLess(self.gateway.resident_bytes(), 512 << 20)


class Tls(UpstreamTest):
    def secure(self, play):
        stage = impostor.Impostor(play)
        stage.ca = Tls.real().ca
        self.assert_unavailable(self.connect_to(stage))
        return b"".join(body for _, body in stage.heard)

    _real = None

    @classmethod
    def real(cls):
        if cls._real is None:
            cls._real = postgres.Postgres(tls=True)
            cls._password = cls._real.create_shop()
        return cls._real

    def test_a_verified_upstream_is_used(self):
        upstream = self.real()
        answer = self.connect_to(upstream, self._password)
        self.assertEqual((answer.out, answer.code), ("1", 0), answer.err)
        self.terminal()
        self.assertEqual(upstream.sql("SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) "
                                      "WHERE usename = 'narrowgate_orders'"), "t")

    def test_a_certificate_of_another_name_or_authority_is_refused(self):
        upstream = self.real()
        changed = gateway.shop_config(upstream, self._password)
        changed["resources"][0]["upstream"]["host"] = "localhost"
        self.gateway = gateway.Gateway(changed).start()
        self.assert_unavailable(psql.run(self.gateway, "SELECT 1"))
        self.gateway.stop()
        changed = gateway.shop_config(upstream, self._password)
        changed["resources"][0]["upstream"]["tls"] = {"mode": "verify-full"}
        self.gateway = gateway.Gateway(changed).start()
        self.assert_unavailable(psql.run(self.gateway, "SELECT 1"))

    def test_no_to_tls_is_the_end_and_not_a_fallback(self):
        self.assertEqual(self.secure(impostor.says_no_to_tls), b"")

    def test_plain_bytes_behind_a_yes_to_tls_are_not_read(self):
        self.assertNotIn(b"a password", self.secure(impostor.says_yes_to_tls_and_goes_on_in_clear))


class Outages(UpstreamTest):
    def test_an_upstream_that_is_down_is_named_and_comes_back(self):
        upstream = postgres.Postgres()
        password = upstream.create_shop()
        self.assertEqual(self.connect_to(upstream, password).out, "1")
        upstream.stop()
        answer = psql.run(self.gateway, "SELECT 1")
        self.assert_unavailable(answer)
        self.assertNotIn(password, answer.err)
        upstream.start()
        self.assertEqual(psql.run(self.gateway, "SELECT 1").out, "1")

    def test_an_upstream_that_refuses_our_login_is_our_fault_and_not_the_clients(self):
        answer = self.connect_to(self.upstream, "not the password")
        self.assert_unavailable(answer)
        self.assertNotIn("narrowgate_orders", answer.err)
        self.assertIn("password authentication failed", self.gateway.logged())

    def test_an_upstream_that_dies_ends_its_sessions_with_words(self):
        upstream = postgres.Postgres()
        self.gateway = gateway.Gateway(gateway.shop_config(upstream, upstream.create_shop())).start()
        terminal = self.terminal()
        upstream.stop()
        self.assertRegex(terminal.ask("SELECT 1;"), r"FATAL|server closed|connection")
