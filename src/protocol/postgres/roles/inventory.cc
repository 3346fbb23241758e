#include "protocol/postgres/roles/inventory.h"

#include <fmt/format.h>

namespace narrowgate::postgres {
namespace {

std::string text_of(const std::vector<std::optional<std::string>>& row, std::size_t at) {
  return at < row.size() ? row[at].value_or("") : std::string();
}

// "AND (n.nspname = E'public' AND x.name = E'refunds' OR …)", for the atoms that `of` picks; "" if there are none.
template <class Picks>
std::string named_by(const grant::Scope& scope, const char* name, Picks of) {
  std::string out;
  for (const grant::Atom& atom : scope.atoms()) {
    if (!of(atom.verb)) continue;
    const std::string schema = atom.object.schema == "*" ? "NOT n.nspname LIKE E'pg\\\\_%' AND n.nspname <> 'information_schema'"
                                                         : "n.nspname = " + quoted_literal(atom.object.schema);
    const std::string object = atom.object.name == "*" ? "" : fmt::format(" AND {} = {}", name, quoted_literal(atom.object.name));
    out += fmt::format("{}({}{})", out.empty() ? "" : " OR ", schema, object);
  }
  return out.empty() ? out : fmt::format("AND ({})", out);
}

constexpr std::string_view kClosedDatabase =
    "SELECT pg_catalog.current_database() WHERE NOT pg_catalog.has_database_privilege('public', pg_catalog.current_database(), "
    "'CONNECT')";

// Those that anybody may use need no grant, and the login could not give one.
constexpr std::string_view kSchemas =
    "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname NOT LIKE E'pg\\\\_%' AND nspname <> 'information_schema' "
    "AND pg_catalog.has_schema_privilege(oid, 'USAGE') AND NOT pg_catalog.has_schema_privilege('public', oid, 'USAGE')";

constexpr std::string_view kTables =
    "SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND c.relpersistence <> 't' AND "
    "(pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') "
    "OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) {}";

constexpr std::string_view kSequences =
    "SELECT n.nspname, c.relname, sn.nspname, s.relname FROM pg_catalog.pg_attrdef d "
    "JOIN pg_catalog.pg_class c ON c.oid = d.adrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid "
    "AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass "
    "JOIN pg_catalog.pg_class s ON s.oid = p.refobjid AND s.relkind = 'S' "
    "JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace "
    "WHERE pg_catalog.has_sequence_privilege(s.oid, 'USAGE') {}";

constexpr std::string_view kRoutines =
    "SELECT n.nspname, f.proname, pg_catalog.format('%I.%I(%s)', n.nspname, f.proname, "
    "pg_catalog.pg_get_function_identity_arguments(f.oid)) FROM pg_catalog.pg_proc f "
    "JOIN pg_catalog.pg_namespace n ON n.oid = f.pronamespace WHERE pg_catalog.has_function_privilege(f.oid, 'EXECUTE') "
    "AND NOT pg_catalog.has_function_privilege('public', f.oid, 'EXECUTE') {}";

}  // namespace

Result<Inventory> take_inventory(Questions& questions, const grant::Scope& scope) {
  Inventory out;
  NG_TRY(const Rows closed, questions.ask(kClosedDatabase));
  if (!closed.empty()) out.database = text_of(closed[0], 0);
  NG_TRY(const Rows schemas, questions.ask(kSchemas));
  for (const auto& row : schemas) out.schemas.push_back(text_of(row, 0));

  const std::string tables = named_by(scope, "c.relname", [](const std::string& verb) { return verb != "CALL"; });
  if (!tables.empty()) {
    NG_TRY(const Rows columns, questions.ask(fmt::format(fmt::runtime(kTables), tables)));
    for (const auto& row : columns) out.tables[{text_of(row, 0), text_of(row, 1)}].insert(text_of(row, 2));
  }
  const std::string inserts = named_by(scope, "c.relname", [](const std::string& verb) { return verb == "INSERT"; });
  if (!inserts.empty()) {
    NG_TRY(const Rows sequences, questions.ask(fmt::format(fmt::runtime(kSequences), inserts)));
    for (const auto& row : sequences)
      out.sequences[{text_of(row, 0), text_of(row, 1)}].push_back({text_of(row, 2), text_of(row, 3)});
  }
  const std::string calls = named_by(scope, "f.proname", [](const std::string& verb) { return verb == "CALL"; });
  if (!calls.empty()) {
    NG_TRY(const Rows routines, questions.ask(fmt::format(fmt::runtime(kRoutines), calls)));
    for (const auto& row : routines) out.routines[{text_of(row, 0), text_of(row, 1)}].push_back(text_of(row, 2));
  }
  return out;
}

}  // namespace narrowgate::postgres
