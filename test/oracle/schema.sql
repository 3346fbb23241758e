-- What a name can lead to: views over views, rules, triggers, functions in defaults and checks, partitions, inheritance, foreign
-- keys with every action, row security, operators, casts and domains.
CREATE SCHEMA app;
CREATE SCHEMA aside;
SET search_path = app;

CREATE TABLE log (id serial, what text DEFAULT 'x');
CREATE TABLE limits (name text PRIMARY KEY, most int NOT NULL);
CREATE TABLE tenants (id int PRIMARY KEY, name text UNIQUE, plan text DEFAULT 'free');
CREATE TABLE users (id int PRIMARY KEY, tenant int REFERENCES tenants ON DELETE CASCADE ON UPDATE CASCADE, name text, email text,
  boss int REFERENCES users ON DELETE SET NULL);
CREATE TABLE orders (id int PRIMARY KEY, buyer int REFERENCES users ON DELETE SET DEFAULT, total int DEFAULT 0, state text);
CREATE TABLE lines (id int, of_order int REFERENCES orders ON DELETE CASCADE, item text, n int, PRIMARY KEY (id));
CREATE TABLE twin (id int, name text);
CREATE TABLE aside.twin (id int, name text);
CREATE TABLE aside.quiet (id int, note text);
INSERT INTO limits VALUES ('n', 100), ('total', 1000);
INSERT INTO tenants SELECT n, 't' || n FROM generate_series(1, 5) n;
INSERT INTO users SELECT n, 1 + n % 5, 'u' || n, 'u' || n || '@x', CASE WHEN n > 1 THEN 1 END FROM generate_series(1, 20) n;
INSERT INTO orders SELECT n, 1 + n % 20, n, CASE n % 3 WHEN 0 THEN 'open' ELSE 'done' END FROM generate_series(1, 40) n;
INSERT INTO lines SELECT n, 1 + n % 40, 'i' || n % 7, n % 4 FROM generate_series(1, 80) n;
INSERT INTO twin VALUES (1, 'app'); INSERT INTO aside.twin VALUES (1, 'aside'); INSERT INTO aside.quiet VALUES (1, 'q');

-- partitions of two levels, and a table that others inherit from
CREATE TABLE events (id int, day int, kind text) PARTITION BY RANGE (day);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (10) TO (100) PARTITION BY LIST (kind);
CREATE TABLE events_high_a PARTITION OF events_high FOR VALUES IN ('a');
CREATE TABLE events_high_rest PARTITION OF events_high DEFAULT;
INSERT INTO events SELECT n, n, CASE n % 2 WHEN 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 40) n;
CREATE TABLE animals (id int, name text);
CREATE TABLE dogs (tricks int) INHERITS (animals);
INSERT INTO animals VALUES (1, 'cat'); INSERT INTO dogs VALUES (2, 'rex', 3);

-- functions of every volatility that read and write elsewhere
CREATE FUNCTION most(text) RETURNS int LANGUAGE sql STABLE AS 'SELECT most FROM app.limits WHERE name = $1';
CREATE FUNCTION note(text) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO app.log (what) VALUES ($1); RETURN $1; END$$;
CREATE FUNCTION orders_of(int) RETURNS SETOF app.orders LANGUAGE sql STABLE AS 'SELECT * FROM app.orders WHERE buyer = $1';
CREATE FUNCTION name_of(int) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER AS
  $$DECLARE found text; BEGIN SELECT name INTO found FROM app.users WHERE id = $1; RETURN found; END$$;
CREATE FUNCTION defaulted(a int, b int DEFAULT app.most('n')) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1 + $2';
CREATE FUNCTION twin_of() RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM twin LIMIT 1';
CREATE FUNCTION twin_aside() RETURNS text LANGUAGE sql STABLE SET search_path = aside AS 'SELECT name FROM twin LIMIT 1';
CREATE PROCEDURE tidy(int) LANGUAGE plpgsql AS $$BEGIN DELETE FROM app.lines WHERE n = 0 AND id = $1; END$$;
CREATE FUNCTION same_limit(int, int) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT $1 % app.most(''n'') = $2 % app.most(''n'')';
CREATE OPERATOR ~~~ (LEFTARG = int, RIGHTARG = int, FUNCTION = same_limit);
CREATE DOMAIN small AS int CHECK (VALUE < app.most('total'));
CREATE TABLE checked (id small, n int CHECK (n < app.most('n')), doubled int GENERATED ALWAYS AS (n * 2) STORED,
  made text DEFAULT app.note('made'));

-- views, updatable and not, over each other; one is materialized
CREATE VIEW open_orders AS SELECT id, buyer, total FROM orders WHERE state = 'open';
CREATE VIEW buyers AS SELECT u.id, u.name, count(o.id) AS n FROM users u LEFT JOIN open_orders o ON o.buyer = u.id GROUP BY 1, 2;
CREATE VIEW rich AS SELECT id, total FROM open_orders WHERE total > most('n') / 10 WITH CHECK OPTION;
CREATE VIEW plain_lines AS SELECT id, of_order, n FROM lines;
CREATE VIEW invoked WITH (security_invoker = true) AS SELECT id, name_of(boss) AS boss FROM users;
CREATE MATERIALIZED VIEW totals AS SELECT buyer, sum(total) AS total FROM orders GROUP BY 1;
CREATE VIEW guarded AS SELECT id, name FROM twin;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO app.log (what) VALUES ('instead'); RETURN NEW; END$$;
CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION instead();

-- rules and triggers
CREATE RULE also AS ON INSERT TO twin DO ALSO INSERT INTO aside.twin VALUES (NEW.id, NEW.name);
CREATE RULE instead AS ON DELETE TO animals DO INSTEAD UPDATE dogs SET tricks = 0 WHERE id = OLD.id;
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO app.log (what) SELECT name FROM app.tenants LIMIT 1; RETURN NULL; END$$;
CREATE TRIGGER audit AFTER UPDATE OF state OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON lines FOR EACH STATEMENT EXECUTE FUNCTION audit();
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN NEW.email := coalesce(NEW.email, (SELECT max(note) FROM aside.quiet)); RETURN NEW; END$$;
CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON users FOR EACH ROW WHEN (NEW.id > 0) EXECUTE FUNCTION fill();

-- row security that looks elsewhere; it binds the owner, too
CREATE TABLE private (id int, tenant int, body text);
INSERT INTO private SELECT n, 1 + n % 5, 'p' || n FROM generate_series(1, 10) n;
ALTER TABLE private ENABLE ROW LEVEL SECURITY;
ALTER TABLE private FORCE ROW LEVEL SECURITY;
CREATE POLICY free_only ON private USING (tenant IN (SELECT id FROM app.tenants WHERE plan = 'free'));

CREATE ROLE oracle LOGIN;
GRANT USAGE ON SCHEMA app, aside TO oracle;
GRANT ALL ON ALL TABLES IN SCHEMA app, aside TO oracle;
GRANT ALL ON ALL SEQUENCES IN SCHEMA app, aside TO oracle;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA app TO oracle;
ALTER TABLE totals OWNER TO oracle;
