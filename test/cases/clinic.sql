-- The database that cases.tsv speaks of: a small clinic, with every way PostgreSQL knows to do more than a statement says.
-- Load as a superuser into an empty database: psql -X -v ON_ERROR_STOP=1 -f cases_fixture.sql
CREATE SCHEMA clinic;
CREATE SCHEMA billing;
CREATE SCHEMA lab;
CREATE SCHEMA shadow;  -- for names that hide others
CREATE ROLE clinic_owner NOLOGIN;
CREATE ROLE clinic_app NOLOGIN;

-- ---- plain tables
CREATE TABLE clinic.journal(id bigint GENERATED ALWAYS AS IDENTITY, line text, at timestamptz DEFAULT clock_timestamp());
CREATE TABLE clinic.doctors(id int PRIMARY KEY, name text NOT NULL, ward text, pager text);
CREATE TABLE clinic.patients(id int PRIMARY KEY, name text, born date, notes text, doctor_id int REFERENCES clinic.doctors);
CREATE TABLE clinic.visits(id int PRIMARY KEY, patient_id int REFERENCES clinic.patients ON DELETE CASCADE ON UPDATE CASCADE,
  doctor_id int REFERENCES clinic.doctors ON DELETE SET NULL, seen date, fee numeric, remark text);
CREATE TABLE clinic.prescriptions(
  id int PRIMARY KEY, visit_id int REFERENCES clinic.visits ON DELETE CASCADE, drug text, dose int);
CREATE TABLE clinic.keys(id int PRIMARY KEY, name text, secret text);
CREATE TABLE billing.invoices(id int PRIMARY KEY, visit_id int, cents bigint, paid boolean, memo text);
CREATE TABLE billing.lines(invoice_id int REFERENCES billing.invoices ON DELETE CASCADE, position int, cents bigint);
CREATE TABLE public.patients(id int, nickname text);
CREATE TABLE public.rooms(id int PRIMARY KEY, label text);
CREATE TABLE clinic."Waiting List"(id int, "since when" date);
CREATE TABLE clinic."x; DROP TABLE clinic.visits; --"(id int);
CREATE TABLE clinic."Übergabe"(id int, "schlüssel" text);
INSERT INTO clinic.doctors VALUES (1, 'Ada', 'A', '100'), (2, 'Bea', 'B', '200');
INSERT INTO clinic.patients SELECT g, 'p' || g, date '2000-01-01' + g, 'n' || g, 1 + g % 2 FROM generate_series(1, 6) g;
INSERT INTO clinic.visits SELECT g, g, 1 + g % 2, date '2026-01-01' + g, g * 10, 'r' || g FROM generate_series(1, 6) g;
INSERT INTO clinic.prescriptions SELECT g, g, 'd' || g, g FROM generate_series(1, 6) g;
INSERT INTO clinic.keys VALUES (1, 'vault', 'open sesame');
INSERT INTO billing.invoices SELECT g, g, g * 1000, false, 'm' || g FROM generate_series(1, 6) g;
INSERT INTO billing.lines SELECT g, 1, g * 1000 FROM generate_series(1, 6) g;
INSERT INTO public.rooms VALUES (1, 'one');
INSERT INTO clinic."Waiting List" VALUES (1, '2026-01-01');

-- ---- functions
CREATE FUNCTION clinic.note(line text DEFAULT 'noted') RETURNS int LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO clinic.journal(line) VALUES (note.line); RETURN 1; END$$;
CREATE FUNCTION clinic.note_sql(line text) RETURNS void LANGUAGE sql AS $$INSERT INTO clinic.journal(line) VALUES (line)$$;
CREATE FUNCTION clinic.note_atomic(l text) RETURNS int LANGUAGE sql
  BEGIN ATOMIC INSERT INTO clinic.journal(line) VALUES (l); SELECT 1; END;
CREATE FUNCTION clinic.sly(i int) RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN RETURN clinic.note('stable') + i; END$$;
CREATE FUNCTION clinic.slyer(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RETURN clinic.note('immutable') + i; END$$;
CREATE FUNCTION clinic.wraps_sly(i int) RETURNS int LANGUAGE sql VOLATILE AS $$SELECT clinic.sly(i)$$;
CREATE FUNCTION clinic.twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT i * 2$$;
CREATE FUNCTION clinic.age_of(p int) RETURNS int LANGUAGE sql STABLE AS
  $$SELECT (date '2026-06-01' - born) / 365 FROM clinic.patients WHERE id = p$$;
CREATE FUNCTION clinic.secret_of(k text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = clinic, pg_temp AS
  $$SELECT secret FROM keys WHERE name = k$$;
CREATE FUNCTION clinic.patients_of(d int) RETURNS SETOF clinic.patients LANGUAGE sql STABLE AS
  $$SELECT * FROM clinic.patients WHERE doctor_id = d$$;
CREATE FUNCTION clinic.open_visits(OUT id int, OUT fee numeric) RETURNS SETOF record LANGUAGE sql STABLE AS
  $$SELECT id, fee FROM clinic.visits WHERE fee > 0$$;
CREATE FUNCTION clinic.discharge(p int) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN DELETE FROM clinic.visits WHERE patient_id = p; RETURN FOUND; END$$;
CREATE FUNCTION clinic.run(q text) RETURNS void LANGUAGE plpgsql AS $$BEGIN EXECUTE q; END$$;
CREATE FUNCTION clinic.loud(p clinic.patients) RETURNS text LANGUAGE sql AS $$SELECT clinic.note(p.name)::text$$;
CREATE FUNCTION clinic.initials(p clinic.patients) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT left(p.name, 1)$$;
CREATE FUNCTION clinic.variadic_note(VARIADIC lines text[]) RETURNS int LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note(lines[1]); RETURN 1; END$$;
CREATE FUNCTION clinic.with_default(i int DEFAULT clinic.note('argument')) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT i$$;
CREATE FUNCTION clinic.by_path() RETURNS bigint LANGUAGE sql STABLE AS $$SELECT count(*) FROM patients$$;
CREATE FUNCTION clinic.as_owner() RETURNS bigint LANGUAGE plpgsql STABLE SECURITY DEFINER AS
  $$BEGIN RETURN (SELECT count(*) FROM ledger); END$$;
CREATE PROCEDURE clinic.close_day() LANGUAGE plpgsql AS
  $$BEGIN UPDATE billing.invoices SET paid = true; COMMIT; DELETE FROM clinic."Waiting List"; END$$;
CREATE PROCEDURE clinic.counted(OUT n bigint) LANGUAGE plpgsql AS $$BEGIN SELECT count(*) INTO n FROM clinic.visits; END$$;

-- ---- PL/pgSQL: each of these writes in a place of its own
CREATE FUNCTION clinic.pl_default() RETURNS int LANGUAGE plpgsql AS $$DECLARE x int := clinic.note('d'); BEGIN RETURN x; END$$;
CREATE FUNCTION clinic.pl_record_default() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE r record := ROW(clinic.note('r')); BEGIN RETURN 1; END$$;
CREATE FUNCTION clinic.pl_row_default() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE r clinic.patients := ROW(clinic.note('r'), 'a', NULL, NULL, NULL); BEGIN RETURN 1; END$$;
CREATE FUNCTION clinic.pl_cursor() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE c CURSOR FOR SELECT clinic.note('c'); x int; BEGIN OPEN c; FETCH c INTO x; CLOSE c; RETURN x; END$$;
CREATE FUNCTION clinic.pl_cursor_args() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE c CURSOR (a int) FOR SELECT a; x int; BEGIN OPEN c(clinic.note('a')); FETCH c INTO x; CLOSE c; RETURN x; END$$;
CREATE FUNCTION clinic.pl_if() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN IF false THEN RETURN 0; ELSIF clinic.note('e') = 1 THEN RETURN 1; END IF; RETURN 2; END$$;
CREATE FUNCTION clinic.pl_case() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN CASE clinic.note('c') WHEN 1 THEN RETURN 1; ELSE RETURN 2; END CASE; END$$;
CREATE FUNCTION clinic.pl_while() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN WHILE clinic.note('w') = 0 LOOP NULL; END LOOP; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_for() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN FOR i IN 1 .. 2 BY clinic.note('f') LOOP NULL; END LOOP; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_foreach() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE i int; BEGIN FOREACH i IN ARRAY ARRAY[clinic.note('x')] LOOP NULL; END LOOP; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_exit() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN LOOP EXIT WHEN clinic.note('q') = 1; END LOOP; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_raise() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN RAISE DEBUG 'x %', 1 USING HINT = clinic.note('h')::text; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_assert() RETURNS int LANGUAGE plpgsql AS $$BEGIN ASSERT clinic.note('a') = 1; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_handler() RETURNS int LANGUAGE plpgsql AS
  $$BEGIN PERFORM 1 / 0; RETURN 0; EXCEPTION WHEN division_by_zero THEN RETURN clinic.note('h'); END$$;
CREATE FUNCTION clinic.pl_subscript() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE a int[]; BEGIN a[clinic.note('i')] := 1; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_query() RETURNS SETOF int LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT clinic.note('q'); END$$;
CREATE FUNCTION clinic.pl_dynamic(t text) RETURNS int LANGUAGE plpgsql AS
  $$DECLARE n int; BEGIN EXECUTE 'SELECT count(*) FROM ' || quote_ident(t) INTO n; RETURN n; END$$;
CREATE FUNCTION clinic.pl_dynamic_for() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE r record; BEGIN FOR r IN EXECUTE 'DELETE FROM clinic.keys RETURNING *' LOOP RETURN 1; END LOOP; RETURN 0; END$$;
CREATE FUNCTION clinic.pl_dynamic_cursor() RETURNS int LANGUAGE plpgsql AS
  $$DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT 1'; CLOSE c; RETURN 1; END$$;
CREATE FUNCTION clinic.pl_reads() RETURNS int LANGUAGE plpgsql STABLE AS
  $$DECLARE n int; d clinic.doctors; m clinic.visits.fee%TYPE; BEGIN
    SELECT * INTO d FROM clinic.doctors LIMIT 1; SELECT count(*) INTO n FROM clinic.visits; RETURN n; END$$;

-- ---- operators, casts, domains, composite types, ranges, aggregates
CREATE FUNCTION clinic.near(a int, b int) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('near'); RETURN abs(a - b) < 2; END$$;
CREATE FUNCTION clinic.far(a int, b int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT abs(a - b) >= 2$$;
CREATE OPERATOR clinic.~= (LEFTARG = int, RIGHTARG = int, FUNCTION = clinic.near);
CREATE OPERATOR clinic.!~= (LEFTARG = int, RIGHTARG = int, FUNCTION = clinic.far, NEGATOR = OPERATOR(clinic.~=));
CREATE OPERATOR clinic.=~~= (LEFTARG = int, RIGHTARG = int, FUNCTION = clinic.far);
CREATE TYPE clinic.money AS (cents bigint, currency text);
CREATE FUNCTION clinic.to_money(text) RETURNS clinic.money LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('to_money'); RETURN ROW(1, $1)::clinic.money; END$$;
CREATE FUNCTION clinic.money_text(clinic.money) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('money_text'); RETURN 'x'; END$$;
CREATE FUNCTION clinic.money_cents(clinic.money) RETURNS bigint LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('money_cents'); RETURN $1.cents; END$$;
CREATE FUNCTION clinic.patient_money(clinic.patients) RETURNS clinic.money LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('patient'); RETURN NULL; END$$;
CREATE FUNCTION clinic.takes_money(m clinic.money) RETURNS int LANGUAGE sql IMMUTABLE AS $$SELECT 1$$;
CREATE CAST (text AS clinic.money) WITH FUNCTION clinic.to_money(text) AS IMPLICIT;
CREATE CAST (clinic.money AS text) WITH FUNCTION clinic.money_text(clinic.money);
CREATE CAST (clinic.money AS bigint) WITH FUNCTION clinic.money_cents(clinic.money) AS ASSIGNMENT;
CREATE CAST (clinic.patients AS clinic.money) WITH FUNCTION clinic.patient_money(clinic.patients);
CREATE TABLE clinic.prices(id int, price clinic.money, history clinic.money[]);
INSERT INTO clinic.prices VALUES (1, ROW(5, 'EUR'), NULL);
CREATE TYPE clinic.grade AS (level int);
CREATE FUNCTION clinic.grade_text(clinic.grade) RETURNS text LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('grade'); RETURN 'x'; END$$;
CREATE CAST (clinic.grade AS text) WITH FUNCTION clinic.grade_text(clinic.grade);
CREATE TABLE clinic.graded(id int, grade clinic.grade);
INSERT INTO clinic.graded VALUES (1, ROW(1));
CREATE FUNCTION clinic.is_code(text) RETURNS boolean LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('code'); RETURN true; END$$;
CREATE DOMAIN clinic.code AS text CHECK (clinic.is_code(VALUE));
CREATE DOMAIN clinic.pin AS text CHECK (VALUE ~ '^\d{4}$');
CREATE DOMAIN clinic.stamped AS int DEFAULT clinic.note('domain default');
CREATE TYPE clinic.coded AS (code clinic.code, n int);
CREATE TABLE clinic.coded_rows(c clinic.code, n int);
CREATE TABLE clinic.stamps(id int, mark clinic.stamped);
CREATE TYPE clinic.mood AS ENUM ('calm', 'worried');
CREATE FUNCTION clinic.text_gap(text, text) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN PERFORM clinic.note('gap'); RETURN 1; END$$;
CREATE TYPE clinic.textrange AS RANGE (subtype = text, subtype_diff = clinic.text_gap);
CREATE TYPE clinic.coderange AS RANGE (subtype = clinic.code);
CREATE FUNCTION clinic.add_and_note(int, int) RETURNS int LANGUAGE plpgsql AS
  $$BEGIN PERFORM clinic.note('sum'); RETURN coalesce($1, 0) + coalesce($2, 0); END$$;
CREATE FUNCTION clinic.finish(int) RETURNS int LANGUAGE plpgsql AS $$BEGIN RETURN clinic.note('final'); END$$;
CREATE AGGREGATE clinic.noisy_sum(int) (SFUNC = clinic.add_and_note, STYPE = int);
CREATE AGGREGATE clinic.noisy_end(int) (SFUNC = int4larger, STYPE = int, FINALFUNC = clinic.finish);
CREATE AGGREGATE clinic.quiet_max(int) (SFUNC = int4larger, STYPE = int);
CREATE FUNCTION clinic.text_order(text, text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN PERFORM clinic.note('order'); RETURN CASE WHEN $1 < $2 THEN -1 WHEN $1 = $2 THEN 0 ELSE 1 END; END$$;
CREATE FUNCTION clinic.text_before(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT $1 < $2$$;
CREATE OPERATOR clinic.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = clinic.text_before);
CREATE OPERATOR CLASS clinic.noisy_ops FOR TYPE text USING btree AS
  OPERATOR 1 clinic.<<<, FUNCTION 1 clinic.text_order(text, text);
CREATE FUNCTION clinic.mood_order(clinic.money, clinic.money) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN PERFORM clinic.note('money order'); RETURN 0; END$$;
CREATE FUNCTION clinic.money_less(clinic.money, clinic.money) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$SELECT false$$;
CREATE OPERATOR clinic.<# (LEFTARG = clinic.money, RIGHTARG = clinic.money, FUNCTION = clinic.money_less);
CREATE OPERATOR CLASS clinic.money_ops DEFAULT FOR TYPE clinic.money USING btree AS
  OPERATOR 1 clinic.<#, FUNCTION 1 clinic.mood_order(clinic.money, clinic.money);

-- ---- names that hide others
CREATE TABLE shadow.patients(id int, loot text);
CREATE VIEW shadow.visits AS SELECT id, secret AS remark FROM clinic.keys;
CREATE VIEW shadow.pg_class AS SELECT 1 AS oid, clinic.note('pg_class')::text AS relname;
CREATE FUNCTION shadow.upper(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM clinic.note('upper'); RETURN $1; END$$;
CREATE FUNCTION shadow.count(clinic.visits) RETURNS bigint LANGUAGE sql AS $$SELECT clinic.note('count')::bigint$$;
CREATE FUNCTION shadow.plus(int, int) RETURNS int LANGUAGE plpgsql AS $$BEGIN PERFORM clinic.note('+'); RETURN 0; END$$;
CREATE OPERATOR shadow.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = shadow.plus);
CREATE DOMAIN shadow.date AS text CHECK (clinic.is_code(VALUE));
CREATE SCHEMA clinic_owner AUTHORIZATION clinic_owner;
CREATE TABLE clinic_owner.ledger(id int, amount int);
ALTER TABLE clinic_owner.ledger OWNER TO clinic_owner;
CREATE TABLE public.ledger(id int);
GRANT USAGE ON SCHEMA clinic TO clinic_owner, clinic_app;
ALTER FUNCTION clinic.as_owner() OWNER TO clinic_owner;

-- ---- views, materialised views
CREATE VIEW clinic.fees AS SELECT id, fee FROM clinic.visits;
CREATE VIEW clinic.fees_invoker WITH (security_invoker = true) AS SELECT id, fee FROM clinic.visits;
CREATE VIEW clinic.fees_twice AS SELECT id, fee * 2 AS double FROM clinic.fees;
CREATE VIEW clinic.roster AS SELECT d.name, count(*) AS n
  FROM clinic.doctors d JOIN clinic.visits v ON v.doctor_id = d.id GROUP BY d.name;
CREATE VIEW clinic.noisy AS SELECT id, clinic.note('view') AS n FROM clinic.visits;
CREATE VIEW clinic.noisy_filter AS SELECT id, remark FROM clinic.visits WHERE clinic.note('filter') = 1;
CREATE VIEW clinic.checked AS SELECT id, drug FROM clinic.prescriptions WHERE clinic.note('check option') = 1 WITH CHECK OPTION;
CREATE VIEW clinic.locking AS SELECT id FROM clinic.visits FOR UPDATE;
CREATE VIEW clinic.names AS SELECT id, name FROM clinic.patients;
CREATE VIEW clinic.names_default AS SELECT id, name FROM clinic.doctors;
ALTER VIEW clinic.names_default ALTER COLUMN name SET DEFAULT clinic.note('view default')::text;
CREATE VIEW clinic.key_states AS SELECT id, name FROM clinic.keys;
CREATE MATERIALIZED VIEW clinic.totals AS SELECT doctor_id, sum(fee) AS fee FROM clinic.visits GROUP BY doctor_id;
CREATE MATERIALIZED VIEW clinic.noisy_totals AS SELECT doctor_id AS d FROM clinic.visits WITH NO DATA;
CREATE INDEX ON clinic.noisy_totals (clinic.slyer(d));

-- ---- rules, triggers
CREATE TABLE clinic.inbox(id int, body text);
CREATE RULE inbox_log AS ON INSERT TO clinic.inbox DO ALSO INSERT INTO clinic.journal(line) VALUES (new.body);
CREATE TABLE clinic.outbox(id int, body text);
INSERT INTO clinic.outbox VALUES (1, 'b');
CREATE RULE outbox_instead AS ON UPDATE TO clinic.outbox DO INSTEAD DELETE FROM clinic.prescriptions WHERE id = old.id;
CREATE RULE outbox_notify AS ON DELETE TO clinic.outbox DO ALSO NOTIFY outbox;
CREATE TABLE clinic.silent(id int);
CREATE RULE silent_nothing AS ON INSERT TO clinic.silent DO INSTEAD NOTHING;
CREATE TABLE clinic.telling(id int);
CREATE RULE telling_select AS ON INSERT TO clinic.telling DO INSTEAD SELECT secret FROM clinic.keys;
CREATE FUNCTION clinic.on_invoice() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN UPDATE clinic.visits SET remark = 'billed' WHERE id = new.visit_id; RETURN new; END$$;
CREATE TRIGGER invoice_paid AFTER UPDATE OF paid ON billing.invoices FOR EACH ROW EXECUTE FUNCTION clinic.on_invoice();
CREATE FUNCTION clinic.on_doctor() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN IF TG_OP = 'DELETE' THEN INSERT INTO clinic.journal(line) VALUES ('gone'); END IF; RETURN NULL; END$$;
CREATE TRIGGER doctor_gone AFTER DELETE ON clinic.doctors FOR EACH STATEMENT EXECUTE FUNCTION clinic.on_doctor();
CREATE FUNCTION clinic.on_names() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN DELETE FROM clinic.keys WHERE id = new.id; RETURN NULL; END$$;
CREATE TRIGGER key_states_insert INSTEAD OF INSERT ON clinic.key_states FOR EACH ROW EXECUTE FUNCTION clinic.on_names();
CREATE FUNCTION clinic.on_room() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO clinic.journal(line) SELECT label FROM fresh; RETURN NULL; END$$;
CREATE TRIGGER room_new AFTER INSERT ON public.rooms REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION clinic.on_room();
CREATE TABLE clinic.guarded(id int, body text);
CREATE FUNCTION clinic.watch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN new; END$$;
CREATE TRIGGER guarded_when BEFORE UPDATE ON clinic.guarded
  FOR EACH ROW WHEN (clinic.note(new.body) = 1) EXECUTE FUNCTION clinic.watch();
CREATE TABLE clinic.emptied(id int);
CREATE FUNCTION clinic.on_truncate() RETURNS trigger LANGUAGE plpgsql
  AS $$BEGIN PERFORM clinic.note('truncate'); RETURN NULL; END$$;
CREATE TRIGGER emptied_truncate BEFORE TRUNCATE ON clinic.emptied FOR EACH STATEMENT EXECUTE FUNCTION clinic.on_truncate();
CREATE TABLE clinic.off(id int);
CREATE TRIGGER off_insert AFTER INSERT ON clinic.off FOR EACH STATEMENT EXECUTE FUNCTION clinic.on_truncate();
ALTER TABLE clinic.off DISABLE TRIGGER off_insert;

-- ---- defaults, generated columns, checks, indexes
CREATE SEQUENCE clinic.tickets;
CREATE TABLE clinic.forms(id int DEFAULT nextval('clinic.tickets'), made int DEFAULT clinic.note('default'), body text);
CREATE TABLE clinic.serials(id serial, body text);
CREATE TABLE clinic.sums(a int, b int GENERATED ALWAYS AS (clinic.twice(a)) STORED);
CREATE TABLE clinic.sly_sums(a int, b int GENERATED ALWAYS AS (clinic.slyer(a)) STORED);
CREATE TABLE clinic.checks(a int CHECK (clinic.note('check') = a));
CREATE TABLE clinic.indexed(a int, b text);
CREATE INDEX indexed_expression ON clinic.indexed (clinic.slyer(a));
CREATE TABLE clinic.partial(a int, b text);
CREATE INDEX partial_where ON clinic.partial (b) WHERE clinic.slyer(a) > 0;
CREATE TABLE clinic.oddly_indexed(a text);
CREATE INDEX oddly ON clinic.oddly_indexed (a clinic.noisy_ops);
CREATE TABLE clinic.spans(r clinic.textrange);
CREATE INDEX spans_gist ON clinic.spans USING gist (r);
CREATE TABLE clinic.arrays(id int, a int[], j jsonb, x xml);
CREATE TABLE clinic.folding(id int);
INSERT INTO clinic.folding VALUES (1);
CREATE INDEX folding_where ON clinic.folding (id) WHERE clinic.slyer(1) > 0;

-- ---- foreign keys with more than one road
CREATE TABLE clinic.wards(a int UNIQUE, b int UNIQUE);
CREATE TABLE clinic.beds(wa int REFERENCES clinic.wards(a) ON UPDATE CASCADE ON DELETE CASCADE,
  wb int REFERENCES clinic.wards(b) ON UPDATE CASCADE ON DELETE SET NULL, made int);
CREATE FUNCTION clinic.on_bed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM clinic.note('bed'); RETURN new; END$$;
CREATE TRIGGER bed_moves BEFORE UPDATE OF wb ON clinic.beds FOR EACH STATEMENT EXECUTE FUNCTION clinic.on_bed();
CREATE TABLE clinic.tree(id int PRIMARY KEY, parent int REFERENCES clinic.tree ON DELETE CASCADE);
CREATE TABLE clinic.defaulted(doctor int DEFAULT clinic.note('set default') REFERENCES clinic.doctors ON DELETE SET DEFAULT);

-- ---- partitions, inheritance
CREATE TABLE lab.results(taken date, patient int, value numeric) PARTITION BY RANGE (taken);
CREATE TABLE lab.results_2025 PARTITION OF lab.results FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE lab.results_2026 PARTITION OF lab.results FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO lab.results VALUES ('2025-02-02', 1, 1), ('2026-02-02', 2, 2);
CREATE FUNCTION lab.on_leave() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM clinic.note('moved'); RETURN old; END$$;
CREATE TRIGGER leaves BEFORE DELETE ON lab.results_2025 FOR EACH ROW EXECUTE FUNCTION lab.on_leave();
CREATE TABLE lab.devices(id int, label text);
CREATE TABLE lab.scanners(dpi int) INHERITS (lab.devices);
CREATE TABLE lab.keyed(k int, v text) PARTITION BY LIST ((clinic.slyer(k)));
CREATE TABLE lab.keyed_rest PARTITION OF lab.keyed DEFAULT;

-- ---- row security
CREATE TABLE clinic.charts(id int, owner name, body text);
INSERT INTO clinic.charts VALUES (1, 'a', 'b');
ALTER TABLE clinic.charts ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinic.charts FORCE ROW LEVEL SECURITY;
CREATE POLICY charts_read ON clinic.charts FOR SELECT USING (owner = current_user OR id IN (SELECT id FROM clinic.keys));
CREATE POLICY charts_insert ON clinic.charts FOR INSERT WITH CHECK (clinic.note('policy') = 1);
CREATE POLICY charts_update ON clinic.charts FOR UPDATE USING (clinic.note('policy') = 1);
CREATE VIEW clinic.chart_view AS SELECT id, owner, body FROM clinic.charts;

-- ---- outside
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE lab.hostname(line text) SERVER files OPTIONS (filename '/etc/hostname');
CREATE EXTENSION dblink;
CREATE EXTENSION lo;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION tablefunc;
SELECT lo_create(777);
CREATE PUBLICATION visits_out FOR TABLE clinic.visits;
