-- Fills the shop: about 230,000 rows, the same ones every time, made of word lists. Nobody in it exists.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
BEGIN;

-- A number in [0, n) that looks random and is the same every time: `salt` keeps the columns of one row apart.
CREATE FUNCTION pg_temp.pick(id bigint, salt int, n int) RETURNS int LANGUAGE sql IMMUTABLE AS
  'SELECT ((hashint8extended(id, salt) & 2147483647) % n)::int';

-- The moment the shop is looked at. Fixed, so that the demo reads the same on every day.
CREATE FUNCTION pg_temp.today() RETURNS timestamptz LANGUAGE sql IMMUTABLE AS
  $$SELECT timestamptz '2026-11-20 08:00+00'$$;

CREATE TEMP TABLE words (kind text PRIMARY KEY, list text[]) ON COMMIT DROP;
INSERT INTO words VALUES
  ('given', '{Ada,Aiko,Amara,Anton,Bea,Björn,Carla,Chidi,Clara,Dario,Dina,Edda,Elif,Emil,Esra,Fatou,Felix,Femi,Greta,Hanna,
              Hugo,Ida,Imani,Ines,Ivo,Jana,Jonas,Kaya,Kofi,Lena,Liam,Livia,Luca,Maja,Malik,Mara,Milan,Mina,Nadia,Nils,Noor,
              Oda,Omar,Oskar,Pia,Priya,Quinn,Rafael,Rania,Rosa,Ruben,Saira,Selma,Sofia,Tariq,Tessa,Theo,Uma,Vera,Viktor,
              Wanda,Yara,Yusuf,Zoe}'),
  ('family', '{Abel,Adeyemi,Almeida,Anders,Bakker,Banda,Baptiste,Becker,Bergström,Blake,Castell,Chen,Costa,Dahl,Diallo,Duarte,
               Eklund,Eriksen,Farouk,Fischer,Fontaine,Garner,Gupta,Haddad,Hansen,Holt,Ito,Jansen,Kaplan,Keita,Kowal,Kruger,
               Lindqvist,Lopes,Marsh,Mensah,Meyer,Moreau,Nakano,Novak,Okoro,Olsen,Osei,Park,Petrov,Quist,Ramos,Rao,Reyes,
               Rossi,Sato,Schaefer,Silva,Sorensen,Tanaka,Thorne,Toure,Vargas,Vogel,Weber,Winter,Yilmaz,Young,Zeller}'),
  ('street', '{Alder Row,Birch Lane,Canal Walk,Cedar Street,Chapel Hill,Copper Yard,Dock Road,Elm Crescent,Foundry Street,
               Garden Path,Harbour View,Hazel Close,High Street,Juniper Way,Kiln Lane,Lantern Square,Market Place,Mill Bank,
               North Parade,Orchard Road,Quarry Lane,River Terrace,Saddlers Yard,Station Road,Tanner Street,Vine Court}'),
  ('town', '{Ashby,Brookfield,Clayton,Dunmore,Eastvale,Fernley,Glenhaven,Hartwell,Kingsford,Larkham,Millbrook,Norwood,Oakhurst,
             Penrose,Ravensby,Stonebridge,Thornbury,Westerly}'),
  ('country', '{DE,FR,GB,IE,NL,SE,ES,PT,IT,DK}'),
  ('quality', '{Folding,Enamel,Wool,Linen,Oak,Walnut,Brass,Copper,Ceramic,Glass,Canvas,Leather,Cork,Bamboo,Cotton,Iron}'),
  ('thing', '{Lamp,Kettle,Blanket,Chair,Stool,Shelf,Mug,Bowl,Vase,Basket,Clock,Apron,Cushion,Tray,Hook,Mirror,Desk,Bottle,
              Planter,Rug,Board,Teapot,Candle,Bench,Towel}'),
  ('category', '{kitchen,living,garden,bath,office}'),
  ('carrier', '{Northline,Parcel Post,Blue Van,Courier Nine}'),
  ('subject', '{Where is my order?,Wrong size delivered,Refund has not arrived,Please change my address,Item arrived broken,
                Invoice needed,Cannot log in,Question about a product}'),
  ('reason', '{arrived broken,wrong item,never arrived,changed mind,ordered twice,part missing}'),
  ('team', '{support,refunds,warehouse,finance,engineering}');
CREATE FUNCTION pg_temp.word(of_kind text, id bigint, salt int) RETURNS text LANGUAGE sql STABLE AS
  'SELECT list[1 + pg_temp.pick(id, salt, cardinality(list))] FROM words WHERE kind = of_kind';

CREATE TEMP TABLE people ON COMMIT DROP AS
  SELECT id, g.list[1 + pg_temp.pick(id, 1, cardinality(g.list))] AS given,
         f.list[1 + pg_temp.pick(id, 2, cardinality(f.list))] AS family
  FROM generate_series(1, 20040) AS id, words g, words f WHERE g.kind = 'given' AND f.kind = 'family';

CREATE FUNCTION pg_temp.mailbox(given text, family text, id bigint, host text) RETURNS text LANGUAGE sql IMMUTABLE AS
  $$SELECT translate(lower(given || '.' || family), 'öäüéı', 'oauei') || id || '@' || host$$;

INSERT INTO staff
  SELECT id - 20000, given || ' ' || family, pg_temp.mailbox(given, family, id - 20000, 'shop.example'),
         pg_temp.word('team', id, 3), 32000 + 500 * pg_temp.pick(id, 4, 80), date '2015-01-05' + pg_temp.pick(id, 5, 4000)
  FROM people WHERE id > 20000;

INSERT INTO customers
  SELECT id, given || ' ' || family, pg_temp.mailbox(given, family, id, 'mail.example'),
         '+44 7700 9' || lpad(pg_temp.pick(id, 6, 100000)::text, 5, '0'), date '1945-01-01' + pg_temp.pick(id, 7, 22000),
         (1 + pg_temp.pick(id, 8, 180)) || ' ' || s.list[1 + pg_temp.pick(id, 9, cardinality(s.list))] || ', '
           || t.list[1 + pg_temp.pick(id, 10, cardinality(t.list))],
         c.list[1 + pg_temp.pick(id, 11, cardinality(c.list))],
         pg_temp.today() - make_interval(hours => 24 + pg_temp.pick(id, 12, 40000))
  FROM people, words s, words t, words c
  WHERE id <= 20000 AND s.kind = 'street' AND t.kind = 'town' AND c.kind = 'country';

INSERT INTO products
  SELECT id, 'SKU-' || lpad(id::text, 4, '0'), q.list[1 + (id - 1) / 25] || ' ' || t.list[1 + (id - 1) % 25],
         c.list[1 + pg_temp.pick(id, 13, 5)], 4.90 + pg_temp.pick(id, 14, 240), pg_temp.pick(id, 15, 400)
  FROM generate_series(1, 400) AS id, words q, words t, words c
  WHERE q.kind = 'quality' AND t.kind = 'thing' AND c.kind = 'category';

INSERT INTO orders (id, customer_id, state, placed_at)
  SELECT id, 1 + pg_temp.pick(id, 16, 20000),
         (ARRAY['placed', 'paid', 'shipped', 'delivered', 'delivered', 'delivered', 'delivered', 'delivered', 'returned',
                'cancelled'])[1 + pg_temp.pick(id, 17, 10)],
         pg_temp.today() - make_interval(mins => 13 * (40000 - id) + pg_temp.pick(id, 18, 12))
  FROM generate_series(1, 40000) AS id;

INSERT INTO order_items
  SELECT o.id, line, p.id, 1 + pg_temp.pick(o.id * 8 + line, 19, 3), p.price
  FROM orders o CROSS JOIN LATERAL generate_series(1, 1 + pg_temp.pick(o.id, 20, 3)) AS line
  JOIN products p ON p.id = 1 + pg_temp.pick(o.id * 8 + line, 21, 400);

UPDATE orders SET total = items.total
  FROM (SELECT order_id, sum(quantity * price) AS total FROM order_items GROUP BY order_id) AS items
  WHERE items.order_id = orders.id;

INSERT INTO payments
  SELECT id, id, method, CASE WHEN method = 'card' THEN lpad(pg_temp.pick(id, 23, 10000)::text, 4, '0') END, total,
         CASE WHEN pg_temp.pick(id, 24, 50) = 0 THEN 'failed' ELSE 'captured' END,
         placed_at + make_interval(mins => 1 + pg_temp.pick(id, 25, 90))
  FROM (SELECT *, (ARRAY['card', 'card', 'card', 'transfer', 'invoice', 'voucher'])[1 + pg_temp.pick(id, 22, 6)] AS method
        FROM orders WHERE state <> 'placed') AS paid;

INSERT INTO shipments
  SELECT id, id, pg_temp.word('carrier', id, 26), 'TRK' || lpad((id::bigint * 7919 % 100000000)::text, 8, '0'),
         placed_at + make_interval(hours => 6 + pg_temp.pick(id, 27, 48)),
         CASE WHEN state <> 'shipped' THEN placed_at + make_interval(hours => 60 + pg_temp.pick(id, 28, 120)) END
  FROM orders WHERE state IN ('shipped', 'delivered', 'returned');

-- Batches of 400. Batch 7 is the one with trouble: three of its refunds got stuck, and the rest wait for its owner.
INSERT INTO refunds (id, order_id, batch, amount, reason, state, requested_at, updated_at)
  SELECT id, order_id, batch, round(total * (1 + pg_temp.pick(id, 29, 4)) / 4, 2), pg_temp.word('reason', id, 30),
         CASE WHEN batch < 7 THEN CASE WHEN pg_temp.pick(id, 31, 25) = 0 THEN 'void' ELSE 'paid' END
              WHEN id IN (2417, 2502, 2688) THEN 'stuck' ELSE 'requested' END,
         placed_at + interval '9 days', placed_at + interval '9 days'
  FROM (SELECT row_number() OVER (ORDER BY id)::int AS id, id AS order_id,
               1 + ((row_number() OVER (ORDER BY id) - 1) / 400)::int AS batch, total, placed_at
        FROM orders WHERE state = 'returned') AS returned
  WHERE batch <= 7;

INSERT INTO support_tickets
  SELECT id, customer_id, order_id, 1 + pg_temp.pick(id, 33, 40), pg_temp.word('subject', id, 34),
         'Hello, I am writing about order ' || order_id || '. ' || pg_temp.word('subject', id, 34) || ' Kind regards, ' || name,
         (ARRAY['open', 'waiting', 'closed', 'closed', 'closed'])[1 + pg_temp.pick(id, 35, 5)], placed_at + interval '2 days'
  FROM (SELECT n AS id, o.id AS order_id, o.customer_id, c.name, o.placed_at FROM generate_series(1, 6000) AS n
        JOIN orders o ON o.id = 1 + pg_temp.pick(n, 32, 40000) JOIN customers c ON c.id = o.customer_id) AS asked;

-- From here on, changes are remembered.
CREATE TRIGGER refund_change BEFORE UPDATE ON refunds FOR EACH ROW EXECUTE FUNCTION remember_refund_change();

CREATE INDEX ON orders (customer_id);
CREATE INDEX ON payments (order_id);
CREATE INDEX ON refunds (batch, state);
CREATE INDEX ON shipments (order_id);
CREATE INDEX ON support_tickets (customer_id);
COMMIT;
ANALYZE;
