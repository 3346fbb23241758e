#include "protocol/postgres/roles/harden.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "protocol/postgres/roles/compile.h"

namespace narrowgate::postgres {
namespace {

constexpr std::string_view kHead =
    R"(-- What the gateway's login at resource {resource} needs, and what keeps it in bounds. Made from {file} by
--   narrowgate resources harden {resource}
-- For an administrator of database {database}; run it again after the configuration's scopes have changed.

DO $narrowgate$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
    CREATE ROLE {login} LOGIN;  -- then: \password {login}
  END IF;
  IF (SELECT rolsuper FROM pg_roles WHERE rolname = {name}) THEN
    RAISE EXCEPTION 'role % is a superuser: give the gateway a login of its own', {name};
  END IF;
END $narrowgate$;

-- CREATEROLE: each grant gets a role of its own, which may do what its scope says.
ALTER ROLE {login} NOCREATEDB CREATEROLE NOINHERIT CONNECTION LIMIT {connections};
ALTER ROLE {login} SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE {login} SET lock_timeout = '30s';
ALTER ROLE {login} SET row_security = on;
DO $narrowgate$ BEGIN
  IF current_setting('server_version_num')::int >= 140000 THEN
    ALTER ROLE {login} SET client_connection_check_interval = '1s';  -- what a lost gateway left running ends
  END IF;
END $narrowgate$;

-- Nobody makes objects where everybody's names are looked up. PostgreSQL 15 and newer begin like this.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- What runs with its owner's rights, outside the database's rules or on the network is not for everybody by default, or a grant's
-- role could use it too. Every role of today keeps what it had, the gateway's aside; give it to roles made later by name.
DO $narrowgate$ DECLARE routine regprocedure; other name; BEGIN
  FOR routine IN
    SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace::regnamespace::text !~ '^(pg_catalog|information_schema|pg_toast)$'
      AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
      AND has_function_privilege('public', p.oid, 'EXECUTE')
      AND (p.prosecdef OR NOT l.lanpltrusted AND l.lanname NOT IN ('c', 'internal') OR EXISTS (
        SELECT FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
          AND e.extname IN ('dblink', 'http', 'pg_net', 'aws_s3', 'aws_lambda')))
  LOOP
    BEGIN
      FOR other IN SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg|narrowgate)_' AND NOT rolsuper AND rolname <> {name} LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %I', routine, other);
      END LOOP;
      EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', routine);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE WARNING 'anybody may execute %: only its owner can change that', routine;
    END;
  END LOOP;
END $narrowgate$;
)";

struct Wanted {
  std::string schema, sql;
};

bool is_privilege(std::string_view verb) {
  static constexpr std::array<std::string_view, 5> all{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"};
  return std::find(all.begin(), all.end(), verb) != all.end();
}

// For every schema of the database's own.
std::string in_every_schema(const std::string& statement) {
  return fmt::format(
      "DO $narrowgate$ DECLARE s name; BEGIN\n  FOR s IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> "
      "'information_schema' LOOP\n    EXECUTE format({}, s);\n  END LOOP;\nEND $narrowgate$;\n",
      quoted_literal(statement));
}

class Grants {
 public:
  explicit Grants(const std::string& login) : login_(quoted_identifier(login)) {}

  void add(const grant::Atom& atom) {
    if (atom.verb == "CALL") return routine(atom.object);
    if (is_privilege(atom.verb)) return table(atom);
    if (atom.verb == "*" || atom.verb == "DDL" || atom.verb == "PRIVILEGE")
      say(fmt::format("-- {} on {}: for owners only; tasks with it run as {} itself, and need it to own what they change.\n",
                      atom.verb, atom.object.to_string(), login_));
  }
  std::string take() { return std::move(out_); }

 private:
  void say(const std::string& text) {
    if (out_.find(text) == std::string::npos) out_ += text;
  }
  void grant(const std::string& what, const std::string& on) {
    say(fmt::format("GRANT {} ON {} TO {} WITH GRANT OPTION;\n", what, on, login_));
  }
  // `on` with %I for the schema where the pattern says any.
  void grant_in(const std::string& schema, const std::string& what, const std::string& on) {
    if (schema != "*") return grant(what, fmt::format(fmt::runtime(on), quoted_identifier(schema)));
    say(in_every_schema(
        fmt::format("GRANT {} ON {} TO {} WITH GRANT OPTION", what, fmt::format(fmt::runtime(on), "%I"), login_)));
  }

  void table(const grant::Atom& atom) {
    const grant::ObjectPattern& object = atom.object;
    grant_in(object.schema, "USAGE", "SCHEMA {}");
    if (atom.verb == "INSERT") grant_in(object.schema, "USAGE", "ALL SEQUENCES IN SCHEMA {}");
    if (object.name == "*") return grant_in(object.schema, atom.verb, "ALL TABLES IN SCHEMA {}");
    std::vector<std::string> columns;
    for (const std::string& column : object.columns) columns.push_back(quoted_identifier(column));
    const bool some = !columns.empty() && atom.verb != "DELETE" && atom.verb != "TRUNCATE";
    grant(some ? fmt::format("{} ({})", atom.verb, fmt::join(columns, ", ")) : atom.verb,
          fmt::format("TABLE {}.{}", quoted_identifier(object.schema), quoted_identifier(object.name)));
  }

  void routine(const grant::ObjectPattern& object) {
    grant_in(object.schema, "USAGE", "SCHEMA {}");
    if (object.name == "*") return grant_in(object.schema, "EXECUTE", "ALL ROUTINES IN SCHEMA {}");
    say(fmt::format(
        "DO $narrowgate$ DECLARE f regprocedure; BEGIN\n  FOR f IN SELECT oid FROM pg_proc WHERE proname = {} AND pronamespace = "
        "(SELECT oid FROM pg_namespace WHERE nspname = {}) LOOP\n    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO {} "
        "WITH GRANT OPTION', f);\n  END LOOP;\nEND $narrowgate$;\n",
        quoted_literal(object.name), quoted_literal(object.schema), login_));
  }

  const std::string login_;
  std::string out_;
};

}  // namespace

std::string hardening(const config::Config& config, const config::Resource& resource) {
  const std::string& login = resource.upstream.login.password.user;
  std::string out = fmt::format(kHead, fmt::arg("resource", resource.name), fmt::arg("file", visible(config.file)),
                                fmt::arg("database", resource.upstream.database), fmt::arg("name", quoted_literal(login)),
                                fmt::arg("login", quoted_identifier(login)), fmt::arg("connections", resource.max_connections));
  for (const config::Template& task_template : config.templates) {
    Grants grants(login);
    for (const config::ScopeRule& rule : task_template.scope)
      if (rule.resource == resource.name)
        for (const grant::Atom& atom : config::atoms_of(rule)) grants.add(atom);
    if (std::string text = grants.take(); !text.empty()) out += fmt::format("\n-- Template {}.\n{}", task_template.name, text);
  }
  return out;
}

}  // namespace narrowgate::postgres
