"""The shop behind a gateway, for tests: one PostgreSQL for the whole run, one gateway for each class."""

import copy
import functools
import secrets
import unittest

from harness import gateway, postgres, psql


@functools.cache
def server():
    """The run's PostgreSQL with the shop in it, as (server, the gateway role's password)."""
    upstream = postgres.Postgres()
    return upstream, upstream.create_shop()


def config(**changes):
    """The shop's configuration, deeply copied, with whole sections replaced."""
    upstream, password = server()
    made = copy.deepcopy(gateway.shop_config(upstream, password))
    made.update(changes)
    return made


class ShopTest(unittest.TestCase):
    """A class of tests that share one gateway. A class varies configuration() when it needs to."""

    maxDiff = None

    @classmethod
    def configuration(cls):
        return config()

    @classmethod
    def setUpClass(cls):
        cls.upstream, cls.upstream_password = server()
        cls.gateway = gateway.Gateway(cls.configuration()).start()

    @classmethod
    def tearDownClass(cls):
        cls.gateway.stop()

    def tearDown(self):
        self.assertTrue(self.gateway.alive(), f"the gateway is gone:\n{self.gateway.logged()[-4000:]}")

    def psql(self, *statements, **who):
        return psql.run(self.gateway, *statements, **who)

    def terminal(self, **who):
        opened = psql.Terminal(psql.environment(self.gateway, **who), ("-X", "-n", "-q", "-v", "VERBOSITY=verbose"))
        self.addCleanup(opened.close)
        return opened

    def assert_refused(self, answer, sqlstate):
        self.assertEqual(answer.sqlstates[:1], [sqlstate], answer.err)
        self.assertNotEqual(answer.code, 0)

    def assert_upstream_never_heard(self, text):
        self.assertNotIn(text, self.upstream.heard())

    def marker(self):
        """A word that occurs nowhere else: to find a statement again in the server's log."""
        return f"m{secrets.token_hex(6)}"
