-- A small mail-order shop: nine tables, a view, a function and a trigger. data.sql fills it, roles.sql says who may log in.
-- Personal data is in customers (email, phone, date_of_birth, address) and staff (email, salary).
\set ON_ERROR_STOP on
BEGIN;

CREATE TABLE staff (
  id            int PRIMARY KEY,
  name          text NOT NULL,
  email         text NOT NULL UNIQUE,
  team          text NOT NULL,
  salary        numeric(10, 2) NOT NULL,
  hired_on      date NOT NULL
);

CREATE TABLE customers (
  id            int PRIMARY KEY,
  name          text NOT NULL,
  email         text NOT NULL UNIQUE,
  phone         text NOT NULL,
  date_of_birth date NOT NULL,
  address       text NOT NULL,
  country       char(2) NOT NULL,
  created_at    timestamptz NOT NULL
);

CREATE TABLE products (
  id            int PRIMARY KEY,
  sku           text NOT NULL UNIQUE,
  name          text NOT NULL,
  category      text NOT NULL,
  price         numeric(10, 2) NOT NULL CHECK (price > 0),
  in_stock      int NOT NULL
);

CREATE TABLE orders (
  id            int PRIMARY KEY,
  customer_id   int NOT NULL REFERENCES customers,
  state         text NOT NULL CHECK (state IN ('placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled')),
  total         numeric(10, 2) NOT NULL DEFAULT 0,
  placed_at     timestamptz NOT NULL
);

CREATE TABLE order_items (
  order_id      int NOT NULL REFERENCES orders,
  line          int NOT NULL,
  product_id    int NOT NULL REFERENCES products,
  quantity      int NOT NULL CHECK (quantity > 0),
  price         numeric(10, 2) NOT NULL,
  PRIMARY KEY (order_id, line)
);

CREATE TABLE payments (
  id            int PRIMARY KEY,
  order_id      int NOT NULL REFERENCES orders,
  method        text NOT NULL CHECK (method IN ('card', 'transfer', 'invoice', 'voucher')),
  card_last4    char(4),
  amount        numeric(10, 2) NOT NULL,
  state         text NOT NULL CHECK (state IN ('authorised', 'captured', 'failed')),
  paid_at       timestamptz NOT NULL
);

CREATE TABLE shipments (
  id            int PRIMARY KEY,
  order_id      int NOT NULL REFERENCES orders,
  carrier       text NOT NULL,
  tracking      text NOT NULL,
  shipped_at    timestamptz NOT NULL,
  delivered_at  timestamptz
);

CREATE TABLE refunds (
  id            int PRIMARY KEY,
  order_id      int NOT NULL REFERENCES orders,
  batch         int NOT NULL,
  amount        numeric(10, 2) NOT NULL,
  reason        text NOT NULL,
  state         text NOT NULL CHECK (state IN ('requested', 'approved', 'stuck', 'paid', 'void')),
  requested_at  timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  history       jsonb NOT NULL DEFAULT '[]'
);

CREATE TABLE support_tickets (
  id            int PRIMARY KEY,
  customer_id   int NOT NULL REFERENCES customers,
  order_id      int REFERENCES orders,
  assigned_to   int REFERENCES staff,
  subject       text NOT NULL,
  body          text NOT NULL,
  state         text NOT NULL CHECK (state IN ('open', 'waiting', 'closed')),
  opened_at     timestamptz NOT NULL
);

-- What the refunds desk looks at in the morning.
CREATE VIEW refund_queue AS
  SELECT r.id, r.batch, r.amount, r.reason, r.state, c.name AS customer, o.placed_at
  FROM refunds r JOIN orders o ON o.id = r.order_id JOIN customers c ON c.id = o.customer_id
  WHERE r.state IN ('requested', 'stuck');

CREATE FUNCTION order_total(wanted int) RETURNS numeric LANGUAGE sql STABLE AS
  'SELECT sum(quantity * price) FROM order_items WHERE order_id = wanted';

-- Every change of a refund leaves its trace in the row itself.
CREATE FUNCTION remember_refund_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  NEW.history := OLD.history || jsonb_build_object('from', OLD.state, 'to', NEW.state, 'by', current_user, 'at', now());
  RETURN NEW;
END
$$;

COMMIT;
