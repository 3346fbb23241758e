"""Columns whose values leave masked: by origin, however a statement gets them there, and never by what it does with them."""

import concurrent.futures
import re

from harness import gateway, postgres, wire
from shop import ShopTest

SCHEMA = """
    CREATE SCHEMA hr; GRANT USAGE, CREATE ON SCHEMA hr TO narrowgate_orders;
    SET search_path = hr;
    CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, ssn varchar(20), email text, born date,
      card jsonb, tail text GENERATED ALWAYS AS (right(ssn, 4)) STORED, CHECK (id < 1000), UNIQUE (id, ssn));
    INSERT INTO people VALUES (1, 'Ada', 'vault-1111-22223333', 'leak1@vault.example', '1815-12-10', '{"no": "vault-77"}'),
      (2, 'Bo', 'vault-4444-55556666', 'leak2@vault.example', NULL, NULL), (3, 'Cy', NULL, 'leak1@vault.example', NULL, NULL);
    CREATE TABLE contacts (id int, address text); INSERT INTO contacts VALUES (1, 'leak1@vault.example');
    CREATE TABLE open_notes (id int, note text);
    CREATE TABLE visits (id int, day date, ssn text) PARTITION BY RANGE (day);
    CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    INSERT INTO visits VALUES (1, '2026-05-01', 'vault-visit-000001');
    CREATE VIEW summary AS SELECT id, upper(name) AS name, lower(email) AS mail, ssn FROM people WHERE ssn IS NOT NULL;
    CREATE VIEW deeper AS SELECT s.mail AS contact, s.id, s.ssn || '' AS number FROM summary s;
    CREATE MATERIALIZED VIEW kept AS SELECT id, email AS mail FROM people;
    CREATE FUNCTION mail_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM hr.people WHERE id = $1';
    CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS
      $$BEGIN RAISE NOTICE '%', (SELECT ssn FROM hr.people WHERE id = 1); END$$;
    GRANT ALL ON ALL TABLES IN SCHEMA hr TO narrowgate_orders;
    ALTER TABLE people OWNER TO narrowgate_orders;
"""
VALUE = re.compile(r"vault|leak\d|1815")  # in every value that must not leave, and in no mask of it

# Statement, and what must be in its answer.
SHOWN = [
    ("SELECT id, ssn, email, born FROM people ORDER BY id", "1|****3333|tok_"),
    ("SELECT * FROM people", "Ada|****3333|tok_"),
    ("TABLE people", "****6666"),
    ("SELECT p.* FROM people p JOIN contacts c USING (id)", "1|Ada|****3333"),
    ("SELECT * FROM contacts JOIN people USING (id)", "1|tok_"),
    ("SELECT email AS id, id AS email FROM people", "tok_"),
    ("SELECT x.e FROM (SELECT email AS e FROM people) x", "tok_"),
    ("WITH c(a, b) AS (SELECT id, ssn FROM people) SELECT b, a FROM c", "****3333|1"),
    ("SELECT ssn FROM people UNION ALL SELECT 'plain'", "****3333"),
    ("SELECT (SELECT email FROM people WHERE id = 1), 'plain'", "tok_"),
    ("SELECT ssn::text, ssn::varchar, CAST(email AS text) FROM people", "****3333|****3333|tok_"),
    ("SELECT id, upper(email), length(ssn), ssn || 'x', md5(email), substr(ssn, 1, 9) FROM people", "1|||||"),
    ("SELECT max(email), count(*), string_agg(ssn, ','), array_agg(email) FROM people", "|3||"),
    ("SELECT to_jsonb(p), row_to_json(p), p::text, p FROM people p WHERE id = 1", "|||"),
    ("SELECT card, card->'no', card->>'no' FROM people WHERE id = 1", "||"),
    ("SELECT tail, id FROM people WHERE id = 1", "|1"),
    ("SELECT CASE WHEN id = 1 THEN ssn END, coalesce(email, '') FROM people WHERE id = 1", "|"),
    ("SELECT ARRAY(SELECT email FROM people), ROW(ssn, id), ARRAY[email] FROM people WHERE id = 1", "||"),
    ("SELECT id, born IS NULL FROM people WHERE id = 1", "1|"),
    ("SELECT * FROM summary", "1|ADA||****3333"),
    ("SELECT * FROM deeper", "|1|"),
    ("SELECT mail, id FROM kept", "tok_"),
    ("SELECT ssn, id FROM visits", "****0001|1"),
    ("SELECT id, ssn FROM visits_2026", "1|****0001"),
    ("SELECT id, (p).ssn FROM people p WHERE id = 1", ""),
    ("SELECT (p).* FROM people p WHERE id = 1", ""),
    ("SELECT p.ssn, o.x FROM people p, LATERAL (SELECT p.email AS x) o", "****3333|tok_"),
    ("WITH RECURSIVE r(n, e) AS (SELECT 1, email FROM people UNION ALL SELECT n + 1, e FROM r WHERE n < 3) SELECT * FROM r",
     "2|tok_"),
    ("VALUES (1, (SELECT ssn FROM people WHERE id = 1))", "1|****3333"),
    ("UPDATE people SET name = 'Ada' WHERE id = 1 RETURNING id, ssn", "1|****3333"),
    ("DELETE FROM people WHERE id = 99 RETURNING *", ""),
    ("INSERT INTO people (id, name, ssn) VALUES (50, 'New', 'vault-9') ON CONFLICT (id) DO UPDATE SET ssn = excluded.ssn "
     "RETURNING id, ssn", "50|****"),
    ("PREPARE s AS SELECT ssn FROM people WHERE id = $1; EXECUTE s(1)", "****3333"),
    ("BEGIN; DECLARE c CURSOR FOR SELECT id, ssn FROM people; FETCH ALL FROM c; COMMIT", "1|****3333"),
    ("COPY people (id, ssn, email) TO STDOUT", "1\t****3333\ttok_"),
    ("COPY (SELECT id, ssn, email FROM people) TO STDOUT (FORMAT csv, HEADER)", '1,"****3333","tok_'),
    ("COPY (SELECT ssn FROM people) TO STDOUT (DELIMITER '|', NULL 'none')", "****3333"),
    ("COPY (SELECT ssn, id FROM people) TO STDOUT (FORMAT binary)", "****3333"),
    ("SELECT 1; SELECT ssn FROM people WHERE id = 1; SELECT email FROM people WHERE id = 1", "1\n****3333\ntok_"),
    ("SELECT id FROM people WHERE name = 'Ada' ORDER BY 1", "1"),
    ("EXPLAIN SELECT ssn FROM people", "Scan"),
    ("CREATE TEMP VIEW mine AS SELECT ssn AS s, id AS i FROM people; SELECT * FROM mine", ""),
]

# What could be told from outside: which rows come, their order, an error, a copy that nobody masks.
USED = [
    "SELECT id FROM people WHERE ssn = 'vault-1111-22223333'", "SELECT id FROM people ORDER BY ssn",
    "SELECT id, ssn FROM people ORDER BY 2", "SELECT count(*) FROM people GROUP BY email", "SELECT DISTINCT email FROM people",
    "SELECT count(DISTINCT id) FROM people HAVING max(ssn) > 'v'",
    "SELECT p.id FROM people p JOIN contacts c ON c.address = p.email",
    "SELECT email FROM people UNION SELECT 'x'", "SELECT ssn = 'x' FROM people", "SELECT ssn::int FROM people",
    "SELECT 1 / (CASE WHEN ssn LIKE 'v%' THEN 0 ELSE 1 END) FROM people", "SELECT pg_sleep(length(ssn)) FROM people",
    "SELECT set_config('my.x', ssn, false) FROM people", "SELECT id FROM summary WHERE mail LIKE 'l%'",
    "SELECT id FROM people WHERE tail = '3333'", "SELECT 'x' IN (SELECT email FROM people)",
    "SELECT id FROM people p WHERE p::text LIKE '%vault%'", "INSERT INTO open_notes SELECT id, ssn FROM people",
    "UPDATE open_notes SET note = (SELECT ssn FROM people WHERE id = 1) WHERE id = 1",
    "CREATE TABLE hr.t AS SELECT ssn FROM people",
    "CREATE TEMP TABLE t AS SELECT email FROM people", "EXPLAIN ANALYZE SELECT 1 FROM people WHERE ssn LIKE 'v%'",
    "CREATE TEMP VIEW v AS SELECT id FROM people WHERE ssn LIKE 'vault-1%'", "SELECT mail_of(1)", "SELECT * FROM mail_of(1)",
    "SELECT tell()", "DO $$BEGIN RAISE NOTICE '%', (SELECT ssn FROM hr.people WHERE id = 1); END$$",
    "DELETE FROM people WHERE ssn = 'vault'", "SELECT * FROM people NATURAL JOIN visits",
    "SELECT encode(convert_to(ssn, 'utf8'), 'hex') FROM people",
]


class MaskingTest(ShopTest):
    """On a server of its own, where one task may do all that the gateway's login may."""

    @classmethod
    def configuration(cls):
        made = gateway.shop_config(cls.upstream, cls.upstream_password)
        resource = made["resources"][0]
        resource["environment"] = "dev"
        resource["hold"] = "1s"
        resource["upstream"]["roles"] = "login"
        resource["classification"] = {
            "number": ["hr.people(ssn)", "hr.visits(ssn)"], "pii": ["hr.people(email)", "hr.contacts(address)"],
            "secret": ["hr.people(born, card)"]}
        resource["masking"] = {"number": "partial", "pii": "token", "secret": "null"}
        every = {"resource": "orders", "verbs": ["*"], "objects": ["*.*", "pg_temp.*"], "limits": {"rows_written": 10}}
        made["templates"] = [{"name": "hr", "agents": ["refund-bot"], "scope": [every]},
                             {"name": "hr-numbers", "agents": ["refund-bot"], "scope": [every], "unmask": ["number"]}]
        return made

    @classmethod
    def setUpClass(cls):
        cls.upstream = postgres.Postgres()
        cls.upstream_password = cls.upstream.create_shop()
        cls.upstream.sql(SCHEMA, "orders")
        cls.upstream.sql("ALTER ROLE narrowgate_orders SET search_path = hr, public", "orders")
        cls.gateway = gateway.Gateway(cls.configuration()).start()

    def ask(self, statement, task="hr"):
        parts = [part for part in re.split(r";\s+(?![^$]*\$\$)", statement)] if "$$" not in statement else [statement]
        return self.psql(*parts, task=task)

    def all_of(self, statements):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return list(zip(statements, pool.map(self.ask, statements)))


class Masking(MaskingTest):
    def test_a_value_leaves_masked_however_it_is_shown(self):
        wanted = dict(SHOWN)
        for statement, answer in self.all_of(list(wanted)):
            with self.subTest(statement):
                self.assertEqual(answer.code, 0, answer.err)
                self.assertIn(wanted[statement], answer.out)
                self.assertNotRegex(answer.out + answer.err, VALUE)

    def test_whatever_could_be_told_from_outside_waits_for_a_person(self):
        for statement, answer in self.all_of(USED):
            with self.subTest(statement):
                self.assertEqual(answer.sqlstates[:1], ["57014"], answer.out + answer.err)
                self.assertIn("uses masked columns as they are", answer.err)
                self.assertNotRegex(answer.out, VALUE)
                self.assertNotIn("NOTICE:  vault", answer.err)

    def test_tokens_of_equal_values_are_equal_so_that_joins_still_work(self):
        mails = self.ask("SELECT email FROM people WHERE id < 50 ORDER BY id").out.split()
        address = self.ask("SELECT address FROM contacts").out
        self.assertEqual(mails[0], mails[2])
        self.assertNotEqual(mails[0], mails[1])
        self.assertEqual(address, mails[0], "of another table")
        self.assertEqual(self.ask("SELECT mail FROM kept WHERE id = 1").out, mails[0])

    def test_a_template_shows_and_uses_what_it_says(self):
        answer = self.ask("SELECT ssn, email FROM people WHERE ssn = 'vault-1111-22223333'", task="hr-numbers")
        self.assertRegex(answer.out, r"^vault-1111-22223333\|tok_")
        self.assert_refused(self.ask("SELECT ssn FROM people WHERE email = 'x'", task="hr-numbers"), "57014")

    def test_a_mask_that_is_written_back_is_refused(self):
        token = self.ask("SELECT email FROM people WHERE id = 1").out
        for statement in (f"UPDATE people SET email = '{token}' WHERE id = 1", "UPDATE people SET ssn = '****3333' WHERE id = 1",
                          f"INSERT INTO people (id, name, email) VALUES (60, 'x', '{token}')"):
            answer = self.ask(statement)
            self.assertEqual(answer.sqlstates[:1], ["42501"], statement + answer.err)
            self.assertIn("writes back a value that was read masked", answer.err)
        with wire.Wire(self.gateway) as client:
            client.log_in(options="-c narrowgate.task=hr")
            client.send(wire.parse("", "UPDATE people SET email = $1 WHERE id = 1"), wire.bind("", "", [token.encode()]),
                        wire.execute(""), wire.SYNC)
            refused = [message for message in client.read_until("Z") if message.kind == "E"]
            self.assertEqual([one.sqlstate for one in refused], ["42501"])
        self.assertEqual(self.upstream.sql("SELECT count(*) FROM hr.people WHERE email LIKE 'leak%'", "orders"), "3")

    def test_what_the_server_says_of_an_error_does_not_quote_values(self):
        for statement, sqlstate in (("UPDATE people SET name = NULL WHERE id = 1", "23502"),
                                    ("UPDATE people SET id = 5000 WHERE id = 1", "23514"),
                                    ("UPDATE people SET id = 2 WHERE id = 1", "23505")):
            answer = self.ask(statement)
            self.assertEqual(answer.sqlstates[:1], [sqlstate], answer.err)
            self.assertNotRegex(answer.err, VALUE)

    def test_the_denial_says_what_would_pass(self):
        answer = self.ask("SELECT id FROM people WHERE ssn = 'x'")
        self.assertIn("uses masked columns as they are", answer.err)
