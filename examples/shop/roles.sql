-- Who may log in: psql -v gateway_password=… -f roles.sql, after schema.sql and data.sql.
--
-- The gateway's role is the second lock. It may do what some template might ever need, and no more: whatever gets past the
-- gateway still meets these rights. Agents have no role here at all.
\set ON_ERROR_STOP on

CREATE ROLE narrowgate_orders LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 50
  PASSWORD :'gateway_password';
ALTER ROLE narrowgate_orders SET idle_in_transaction_session_timeout = '10min';
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO narrowgate_orders;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO narrowgate_orders;
GRANT UPDATE (state) ON refunds TO narrowgate_orders;
GRANT INSERT, UPDATE ON support_tickets TO narrowgate_orders;
