"""What a person is shown of what a held statement would do: found out by reading, without a trace in the database."""

import struct
import subprocess
import threading

from harness import gateway, machine, postgres
from harness.wire import SYNC, Wire, execute, message, parse
from shop import ShopTest

SCHEMA = """
    CREATE TABLE people (id int PRIMARY KEY, name text, email text, born date, seen int);
    INSERT INTO people SELECT at, 'name ' || at, 'leak' || at || '@vault.example', NULL, at FROM generate_series(1, 9) at;
    CREATE TABLE many (id int); INSERT INTO many SELECT generate_series(1, 100500);
    CREATE TABLE pairs (id int, other int); INSERT INTO pairs VALUES (1, 1), (1, 1), (2, 1);
    CREATE TABLE log (line text); CREATE SEQUENCE tickets;
    CREATE FUNCTION logged() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN INSERT INTO log VALUES (old.name); RETURN new; END';
    CREATE TRIGGER people_logged BEFORE UPDATE OF name ON people FOR EACH ROW EXECUTE FUNCTION logged();
    GRANT ALL ON ALL TABLES IN SCHEMA public TO narrowgate_orders;
    GRANT ALL ON SEQUENCE tickets TO narrowgate_orders;
"""
TABLES = ["public.people", "public.many", "public.pairs", "public.log", "public.tickets"]


class Previews(ShopTest):
    depth = "rows"

    @classmethod
    def setUpClass(cls):
        cls.upstream = postgres.Postgres()
        password = cls.upstream.create_shop()
        cls.upstream.sql(SCHEMA, "orders")
        made = gateway.shop_config(cls.upstream, password)
        made["resources"][0] |= {"classification": {"pii": ["public.people(email)"]}, "masking": {"pii": "token"},
                                 "preview": cls.depth}
        made["templates"][0]["scope"] = [
            {"resource": "orders", "verbs": ["SELECT"], "objects": TABLES},
            {"resource": "orders", "verbs": ["INSERT", "UPDATE", "DELETE", "TRUNCATE"], "objects": TABLES, "auto": False}]
        cls.gateway = gateway.Gateway(made).start()

    def shown(self, statement, *before):
        """What `approvals show` has of it, as JSON and as text. It is not run."""
        waiting = self.terminal()
        for first in before:
            waiting.ask(first)
        waiting.send(statement + ";")
        approval = self.gateway.held()
        held = self.gateway.cli("approvals", "show", approval)
        text = self.gateway.run("approvals", "show", approval).stdout
        self.gateway.run("approvals", "deny", approval, "--reason", "not_now")
        waiting.wait()
        waiting.close()
        return held, text


class OfRows(Previews):
    def test_an_update_shows_its_rows_before_and_after_and_the_triggers_in_its_way(self):
        held, text = self.shown("UPDATE people SET name = upper(name), seen = seen + 1 WHERE id IN (3, 4)")
        preview = held["preview"]
        self.assertEqual((preview["rows"], preview["more"], preview["incomplete"]), (2, False, ""))
        row = {cell["column"]: cell for cell in preview["samples"][0]}
        self.assertEqual((row["name"]["value"], row["name"]["becomes"]), ("name 3", "NAME 3"))
        self.assertEqual((row["seen"]["value"], row["seen"]["becomes"]), ("3", "4"))
        self.assertEqual((row["id"]["value"], row["id"]["changes"], "becomes" in row["id"]), ("3", False, False))
        self.assertNotIn("value", row["born"])  # NULL
        self.assertIn("people_logged BEFORE UPDATE OF name ON public.people", preview["triggers"][0])
        self.assertRegex(held["plan"][0], "^Update on people")
        self.assertEqual(held["declared"], ["INSERT on public.log", "SELECT on public.people", "UPDATE on public.people"])
        self.assertIn("declared   INSERT on public.log; SELECT on public.people; UPDATE on public.people", text)
        self.assertIn("rows       2, counted now", text)
        self.assertIn("name 'name 3' → 'NAME 3'", text)
        self.assertIn("trigger    people_logged BEFORE UPDATE OF name", text)
        self.assertEqual(self.upstream.sql("SELECT count(*) FROM log", "orders"), "0")

    def test_masked_columns_are_masked_for_people_too(self):
        held, text = self.shown("UPDATE people SET name = email WHERE id = 5")
        self.assertNotIn("leak5", str(held["preview"]) + text.partition("rows ")[2])
        row = {cell["column"]: cell for cell in held["preview"]["samples"][0]}
        self.assertRegex(row["email"]["value"], "^tok_")
        self.assertEqual(row["name"]["becomes"], row["email"]["value"])

    def test_a_delete_shows_what_goes(self):
        held, _ = self.shown("DELETE FROM people USING pairs WHERE people.id = pairs.id")
        self.assertEqual(held["preview"]["rows"], 2)  # one of them is met twice
        held, _ = self.shown("DELETE FROM people")
        self.assertEqual((held["preview"]["rows"], len(held["preview"]["samples"])), (9, 3))

    def test_counting_has_an_end(self):
        held, text = self.shown("DELETE FROM many")
        self.assertEqual((held["preview"]["rows"], held["preview"]["more"]), (100_000, True))
        self.assertIn("rows       more than 100000, counted now", text)
        held, _ = self.shown("TRUNCATE many, pairs")
        self.assertTrue(held["preview"]["more"])

    def test_new_rows_are_shown(self):
        held, text = self.shown("INSERT INTO people (id, name) SELECT id + 100, 'x' || chr(8238) FROM many WHERE id < 3")
        self.assertEqual(held["preview"]["rows"], 2)
        self.assertEqual([cell["column"] for cell in held["preview"]["samples"][0]], ["id", "name"])
        self.assertNotIn(chr(8238), text)

    def test_a_statement_with_parameters_is_shown_with_them(self):
        for formats, identity in (((), b"7"), ((0, 1), struct.pack("!q", 7))):
            with Wire(self.gateway) as connection:
                connection.log_in()
                values = (b"renamed", identity)
                body = b"\0\0" + struct.pack(f"!h{len(formats)}hh", len(formats), *formats, len(values))
                body += b"".join(struct.pack("!i", len(value)) + value for value in values) + struct.pack("!h", 0)
                connection.send(parse("", "UPDATE people SET name = $1 WHERE id = $2", (0, 20)) + message("B", body)
                                + execute("") + SYNC)
                approval = self.gateway.held()
                preview = self.gateway.cli("approvals", "show", approval)["preview"]
                self.assertEqual((preview["rows"], preview["incomplete"]), (1, ""))
                name = next(cell for cell in preview["samples"][0] if cell["column"] == "name")
                self.assertEqual((name["value"], name["becomes"]), ("name 7", "renamed"))
                self.assertEqual(self.gateway.run("approvals", "approve", approval, "--once").returncode, 0)
                self.assertEqual([one.kind for one in connection.read_until("Z")], ["1", "2", "C", "Z"])
            self.upstream.sql("UPDATE people SET name = 'name 7' WHERE id = 7; DELETE FROM log", "orders")

    def test_what_is_said_of_a_failure_quotes_no_value(self):
        held, text = self.shown("UPDATE people SET seen = email::int WHERE id = 6")
        self.assertIn("data exception 22P02", held["preview"]["incomplete"])
        self.assertNotIn("leak6", str(held) + text)

    def test_what_reading_would_change_is_not_read(self):
        before = self.upstream.sql("SELECT last_value, is_called FROM tickets", "orders")
        held, _ = self.shown("UPDATE people SET seen = nextval('tickets') WHERE id = 1")
        self.assertEqual(held["preview"]["samples"], [])
        self.assertEqual(held["preview"]["rows"], 1)
        held, _ = self.shown("DELETE FROM people WHERE id = nextval('tickets')")
        self.assertNotIn("rows", held["preview"])
        self.assertEqual(self.upstream.sql("SELECT last_value, is_called FROM tickets", "orders"), before)

    def test_it_waits_for_nobody_and_says_what_is_missing(self):
        holding = subprocess.Popen(["psql", "-X", "-q", "-h", self.upstream.host, "-p", str(self.upstream.port), "-U", "postgres",
                                    "orders"], stdin=subprocess.PIPE, text=True, env={"PGPASSWORD": self.upstream.password})
        holding.stdin.write("BEGIN; LOCK TABLE people IN ACCESS EXCLUSIVE MODE; \\echo\n")
        holding.stdin.flush()
        locked = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'people'::regclass AND granted"
        self.assertTrue(machine.until(lambda: self.upstream.sql(locked, "orders") == "1"))
        threading.Timer(6, holding.stdin.close).start()  # the meaning of the statement is read under locks of its own
        held, text = self.shown("UPDATE people SET seen = 0 WHERE id = 1")
        holding.wait()
        self.assertIn("lock timeout", held["preview"]["incomplete"])
        self.assertIn("not shown", text)

    def test_an_open_transaction_is_not_disturbed_and_not_seen(self):
        held, _ = self.shown("UPDATE people SET seen = 0", "BEGIN;", "SELECT count(*) FROM people;")
        self.assertEqual(held["preview"]["rows"], 9)
        self.assertIn("open transaction", held["preview"]["incomplete"])

    def test_the_text_means_there_what_it_means_here(self):
        self.upstream.sql("CREATE SCHEMA other; CREATE TABLE other.people (id int); "
                          "GRANT USAGE ON SCHEMA other TO narrowgate_orders; "
                          "GRANT ALL ON other.people TO narrowgate_orders", "orders")
        held, _ = self.shown("DELETE FROM people WHERE id > 0", "SET search_path = public, other;")
        self.assertEqual(held["preview"]["rows"], 9)


class OfCounts(Previews):
    depth = "count"

    def test_no_row_is_read_out(self):
        held, _ = self.shown("DELETE FROM people")
        self.assertEqual((held["preview"]["rows"], held["preview"]["samples"]), (9, []))


class Off(Previews):
    depth = "off"

    def test_nothing_is_asked_of_the_database(self):
        held, _ = self.shown("DELETE FROM people")
        self.assertEqual((held["plan"], held["preview"]["samples"], "rows" in held["preview"]), ([], [], False))
        self.assertNotIn("narrowgate:preview", self.upstream.heard())
