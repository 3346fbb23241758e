"""What leaves masked wherever it stands, by what it looks like."""

import struct
import subprocess

from harness import gateway, postgres, wire
from shop import ShopTest

SCHEMA = """
    CREATE TABLE notes (id int PRIMARY KEY, body text, data jsonb, number bigint, tags text[]);
    INSERT INTO notes VALUES
      (1, 'pay with 4111 1111 1111 1111, write to leak1@vault.example',
       '{"card": 4111111111111111, "mail": "leak2@vault.example"}', 4111111111111111, '{leak3@vault.example,plain}'),
      (2, 'nothing here: 4111 1111 1111 1112', '{}', 17, '{}');
    CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS
      $$BEGIN RAISE NOTICE 'it is %', (SELECT body FROM notes WHERE id = 1); END$$;
    GRANT ALL ON notes TO narrowgate_orders;
"""
HIDDEN = ("leak1", "leak2", "leak3", "4111 1111 1111 1111", "4111111111111111")
SHOWN = "pay with [masked:credit_card], write to [masked:email]"


class Detection(ShopTest):
    @classmethod
    def setUpClass(cls):
        cls.upstream = postgres.Postgres()
        password = cls.upstream.create_shop()
        cls.upstream.sql(SCHEMA, "orders")
        made = gateway.shop_config(cls.upstream, password)
        made["resources"][0]["detect"] = ["credit_card", "email"]
        made["templates"][0]["scope"] = [
            {"resource": "orders", "verbs": ["SELECT", "INSERT", "UPDATE"], "objects": ["public.notes"]},
            {"resource": "orders", "verbs": ["CALL"], "objects": ["public.tell"]}]
        cls.gateway = gateway.Gateway(made).start()

    def shown(self, *statements):
        answer = self.psql(*statements)
        self.assertEqual(answer.code, 0, answer.err)
        for value in HIDDEN:
            self.assertNotIn(value, answer.out + answer.err)
        return answer

    def test_what_is_found_in_rows_is_masked_and_the_rest_stays(self):
        self.assertEqual(self.shown("SELECT body FROM notes ORDER BY id").out.splitlines(),
                         [SHOWN, "nothing here: 4111 1111 1111 1112"])
        self.assertEqual(self.shown("SELECT data, number, tags FROM notes WHERE id = 1").out,
                         '{"card": "[masked:credit_card]", "mail": "[masked:email]"}||{[masked:email],plain}')
        self.assertEqual(self.shown("SELECT upper(body) FROM notes WHERE id = 1").out.lower(), SHOWN)

    def test_however_it_is_fetched(self):
        for statements in (["COPY notes (body) TO STDOUT"], ["COPY notes (body) TO STDOUT (FORMAT csv)"],
                           ["BEGIN", "DECLARE c CURSOR FOR SELECT body FROM notes", "FETCH ALL FROM c", "COMMIT"],
                           ["PREPARE p AS SELECT body FROM notes", "EXECUTE p"], ["SELECT body FROM notes", "SELECT 1"]):
            self.assertIn(SHOWN, self.shown(*statements).out, statements)

    def test_in_binary_formats_too(self):
        with wire.Wire(self.gateway) as connection:
            connection.log_in()
            binary = wire.message("B", b"\0\0" + struct.pack("!hhhh", 0, 0, 1, 1))
            connection.send(wire.parse("", "SELECT body, data, tags, id FROM notes WHERE id = 1") + binary + wire.execute("")
                            + wire.SYNC)
            row = next(one for one in connection.read_until("Z") if one.kind == "D").body
        for value in HIDDEN:
            self.assertNotIn(value.encode(), row)
        self.assertIn(SHOWN.encode(), row)
        self.assertIn(b'\x01{"card": "[masked:credit_card]"', row)
        self.assertIn(b"\xff\xff\xff\xff", row)  # an array is gone as a whole
        self.assertTrue(row.endswith(struct.pack("!ii", 4, 1)), row)

    def test_notices_and_errors_tell_nothing(self):
        self.assertIn(SHOWN, self.shown("SELECT tell()").err)
        failed = self.psql("SELECT body::int FROM notes WHERE id = 1")
        self.assertNotEqual(failed.code, 0)
        self.assertIn("[masked:credit_card]", failed.err)
        for value in HIDDEN:
            self.assertNotIn(value, failed.err)

    def test_a_mask_is_not_written_back(self):
        for statement in (f"UPDATE notes SET body = '{SHOWN}' WHERE id = 2",
                          f"INSERT INTO notes (id, body) VALUES (3, 'x {SHOWN}')"):
            refused = self.psql(statement)
            self.assertEqual(refused.sqlstates, ["42501"], refused.err)
            self.assertIn("read masked", refused.err)
        self.assertEqual(self.psql("SELECT '[masked:email]'").out, "[masked:email]")
        with wire.Wire(self.gateway) as connection:
            connection.log_in()
            connection.send(wire.parse("", "UPDATE notes SET body = $1 WHERE id = 2") + wire.bind("", "", (SHOWN.encode(),))
                            + wire.execute("") + wire.SYNC)
            self.assertEqual(next(one for one in connection.read_until("Z") if one.kind == "E").sqlstate, "42501")

    def test_what_was_found_is_counted_and_recorded(self):
        before = self.gateway.metric("narrowgate_values_detected_total")
        self.shown("SELECT body FROM notes")
        self.assertEqual(self.gateway.metric("narrowgate_values_detected_total"), before + 2)
        session = self.gateway.cli("sessions", "list")["sessions"][0]["session"]
        self.assertIn("credit_card 1, email 1", self.gateway.run("sessions", "show", session).stdout)

    def test_copy_in_a_way_nobody_can_read_is_refused(self):
        self.assert_refused(self.psql("COPY notes TO STDOUT (FORMAT csv, ENCODING 'LATIN1')"), "42501")

    def test_a_kind_that_is_not_known_is_named(self):
        wrong = self.gateway.config["resources"][0] | {"detect": ["credit_cards", "email", "email"]}
        file = gateway.Gateway(self.gateway.config | {"resources": [wrong]}).file
        said = subprocess.run([gateway.BINARY, "config", "check", file], capture_output=True, text=True).stderr
        self.assertIn('resources[0].detect[0] is "credit_cards", which nothing here can find', said)
        self.assertIn("did you mean", said)
        self.assertIn("a second time", said)
