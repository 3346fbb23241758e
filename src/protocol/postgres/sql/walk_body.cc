// Definitions as text: views, rules, expressions, SQL and PL/pgSQL functions. Each is read once per catalog and naming context.
#include <pg_query.h>

#include "base/json.h"
#include "protocol/postgres/sql/findings.h"
#include "protocol/postgres/sql/parse.h"
#include "protocol/postgres/sql/plpgsql.h"
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

// The value of an option of CREATE FUNCTION or DO: its first string.
std::optional<std::string> option(const Nodes& options, std::string_view name) {
  for (const pg::Node& node : options) {
    const pg::DefElem& element = node.def_elem();
    if (element.defname() != name) continue;
    if (element.arg().has_string()) return element.arg().string().sval();
    const auto& items = element.arg().list().items();
    if (!items.empty() && items[0].has_string()) return items[0].string().sval();
  }
  return std::nullopt;
}

// Types that the grammar spells in words of its own.
bool is_grammar_type(std::string_view name) {
  constexpr std::string_view names[] = {"int", "integer", "smallint",  "bigint",    "real", "float", "double",   "decimal",
                                        "dec", "numeric", "boolean",   "character", "char", "nchar", "national", "varchar",
                                        "bit", "time",    "timestamp", "interval",  "json", "setof"};
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string context_of(const Reading& reading, const SessionState& session) {
  if (reading.printed) return reading.dry ? " dry" : "";  // "x…", the only ones that fold, are always dry
  return fmt::format("{}{}{} {}{} {}", reading.dry ? " dry" : "", reading.in_body ? " body" : "",
                     reading.path_is_certain ? "" : " ?", session.dialect().standard_conforming_strings,
                     session.dialect().backslash_quote, fmt::join(reading.path, "\x1f"));
}

}  // namespace

std::shared_ptr<const Reach> Walker::body(const std::string& key, Reading reading, bool whole,
                                          const std::function<void(Walker&)>& read) {
  reading.depth = reading_.depth + 1;
  const std::string full = key + context_of(reading, text_.session());
  const auto add = [&](std::shared_ptr<const Reach> found) {
    whole ? reach_.add(*found) : reach_.add_body(*found);
    return found;
  };
  if (const auto known = text_.findings.find(full); known != text_.findings.end()) return add(known->second);
  const bool lasting = text_.nothing_of_its_own();
  if (lasting)
    if (const auto known = catalog_.findings().find(full)) return add(known);
  if (reading.depth > body_depth_max) return reach_.not_understood("views and functions are nested too deeply"), nullptr;
  if (++text_.bodies_read > bodies_read_max) return reach_.not_understood("it leads to too many views and functions"), nullptr;
  if (!text_.reading.insert(full).second) return text_.cycle_cut = true, nullptr;

  const bool outer_cut = std::exchange(text_.cycle_cut, false);
  const bool outer_numbers = text_.numbers_matter;  // numbers inside a body are the body's
  auto found = std::make_shared<Reach>();
  Walker walker(catalog_, text_, *found, reading);
  const auto outer_types = std::exchange(text_.types_seen, {});
  const bool outer_known = std::exchange(text_.types_known, !reading.printed || key.front() == 'v' || key.front() == 'R');
  if (reading.function != nullptr && !reading.printed)
    for (const Oid type : reading.function->types) walker.type_used(type);
  if (key.front() == 'c') walker.targets_ = {targets_.back()};  // a default may draw from its own table's sequence
  read(walker);
  found->uses(walker.used());
  text_.numbers_matter = outer_numbers;
  text_.types_seen = outer_types;
  text_.types_known = outer_known;
  text_.reading.erase(full);
  add(found);
  const bool complete = !text_.cycle_cut || text_.reading.empty();
  text_.cycle_cut = outer_cut || (text_.cycle_cut && !text_.reading.empty());
  if (!complete) return found;
  text_.findings.insert_or_assign(full, found);
  if (lasting) catalog_.findings().keep(full, found);
  return found;
}

// Whatever a body makes of masked columns, its caller may be told.
void Walker::ran(const std::shared_ptr<const Reach>& body) {
  if (body == nullptr || body->used().clean()) return;  // none: it is being read already, further out
  Origin all = body->used();
  all.computed = true;
  show(all);
}

void Walker::printed_expressions(std::string_view text) {
  const auto parsed = parse_sql(fmt::format("SELECT {}", text));
  if (!parsed.ok() || parsed->tree().stmts_size() != 1 || !parsed->tree().stmts(0).stmt().has_select_stmt())
    return reach_.not_understood("an expression in the catalog that cannot be read");
  Scope nowhere;
  target_list(parsed->tree().stmts(0).stmt().select_stmt().target_list(), nowhere);
}

void Walker::printed_check(const std::string& key, std::string_view text) {
  if (text.empty()) return;
  Reading reading{.dry = reading_.dry, .printed = true, .path = {"pg_catalog"}};
  body(key, reading, false, [&](Walker& walker) { walker.printed_expressions(text); });
}

std::shared_ptr<const Reach> Walker::view_body(const Relation& view) {
  Reading reading{.dry = reading_.dry, .printed = true, .path = {"pg_catalog"}};
  return body(fmt::format("v{}", view.oid), reading, false,
              [&](Walker& walker) { walker.reach_.gives(walker.view_text(view.definition).lineage()); });
}

// A query, or a CREATE VIEW.
Output Walker::view_text(const std::string& text) {
  const auto unknown = [&](std::string_view why) {
    reach_.not_understood(why);
    return Output{{}, false, false, every_masked_column()};
  };
  if (text.empty()) return unknown("a view whose definition is not known");
  const auto parsed = parse_sql(text, reading_.printed ? Dialect{} : text_.session().dialect());
  if (!parsed.ok() || parsed->tree().stmts_size() != 1) return unknown("a view whose definition cannot be read");
  const pg::Node& node = parsed->tree().stmts(0).stmt();
  return query(node.has_view_stmt() ? node.view_stmt().query() : node, nullptr);
}

// OLD and NEW stand for rows of the relation; what is read of them is not read from it again.
void Walker::rule_actions(const Relation& relation, const Rule& rule) {
  const auto parsed = parse_sql(rule.definition);
  if (!parsed.ok() || parsed->tree().stmts_size() != 1 || !parsed->tree().stmts(0).stmt().has_rule_stmt())
    return reach_.not_understood(fmt::format("a rule on {} that cannot be read", relation.full_name));
  const pg::RuleStmt& stmt = parsed->tree().stmts(0).stmt().rule_stmt();
  Reading reading{.dry = reading_.dry, .printed = true, .path = {"pg_catalog"}};
  const std::string key = fmt::format("R{}.{}.{}", relation.oid, rule.event, std::hash<std::string>()(rule.definition));
  const auto found = body(key, reading, true, [&](Walker& walker) {
    Scope rows;
    rows.sources.push_back({.alias = "old", .relation = &relation});
    rows.sources.push_back({.alias = "new", .relation = &relation});
    walker.maybe(stmt.has_where_clause(), stmt.where_clause(), rows);
    for (const pg::Node& action : stmt.actions()) {
      if (action.has_notify_stmt()) walker.does(Danger::write, "a rule notifies others");
      else walker.used_.add(walker.query(action, &rows).everything());
    }
  });
  if (found != nullptr) used_.add(found->used());  // rows that it gives are the client's
}

Reading Walker::reading_for(const Function& function) const {
  Reading out = reading_;
  out.in_body = true;
  out.folding = false;
  out.function = &function;
  out.dry = reading_.dry && function.volatility == 'v';  // the planner has put the body in the call's place
  if (out.printed) {  // from a printed definition into a body: names mean what they mean to the session
    out.printed = false;
    const Reading session = reading_of(catalog_, text_.session());
    out.path = session.path;
    out.path_is_certain = session.path_is_certain;
  }
  if (!function.definer.empty() && !function.has_search_path) {
    // Its owner's "$user", and schemas that only its owner may use.
    std::vector<std::string> set = text_.session().search_path();
    for (const std::string& user : {text_.session().role(), catalog_.user()})
      for (auto at = std::find(set.begin(), set.end(), user); at != set.end(); at = std::find(at + 2, set.end(), user))
        at = set.insert(at, function.definer);
    set.insert(set.begin(), function.definer);
    out.path.clear();
    for (const std::string& schema : effective_path(catalog_, text_.session(), set)) out.path.push_back(schema);
    for (const std::string& schema : set)
      if (catalog_.has_schema(schema) && std::find(out.path.begin(), out.path.end(), schema) == out.path.end())
        out.path.push_back(schema);
    out.path_is_certain = false;
  }
  if (!function.has_search_path) return out;
  const auto set = split_path(function.search_path);
  out.path = effective_path(catalog_, text_.session(), set.value_or(std::vector<std::string>{}));
  if (!set || std::find(set->begin(), set->end(), "$user") != set->end()) out.path_is_certain = false;
  return out;
}

void Walker::sql_body(const Function& function) {
  const bool made_here = function.oid == 0;  // its CREATE FUNCTION is the session's own text, not as the server prints it
  const std::string key = fmt::format("f{} {}", function.oid, function.full_name);
  ran(body(key, reading_for(function), false, [&](Walker& walker) {
    const auto create = parse_sql(function.body, made_here ? text_.session().dialect() : Dialect{});
    if (!create.ok() || create->tree().stmts_size() != 1 || !create->tree().stmts(0).stmt().has_create_function_stmt())
      return walker.reach_.not_understood(fmt::format("{} cannot be read", function.full_name));
    const pg::CreateFunctionStmt& stmt = create->tree().stmts(0).stmt().create_function_stmt();
    StatementFacts facts;
    if (stmt.has_sql_body()) return walker.sql_standard_body(stmt.sql_body(), facts);
    const auto text = option(stmt.options(), "as");
    const auto parsed =
        text ? parse_sql(*text, text_.session().dialect()) : Result<ParsedText>(Error{Code::malformed, Blame::client, ""});
    if (!parsed.ok()) return walker.reach_.not_understood(fmt::format("{} cannot be read", function.full_name));
    for (const pg::RawStmt& raw : parsed->tree().stmts()) walker.statement(raw.stmt(), "", facts);
  }));
}

// BEGIN ATOMIC … END is a list of lists; RETURN stands alone.
void Walker::sql_standard_body(const pg::Node& node, StatementFacts& facts) {
  const Scope nowhere;
  if (node.has_return_stmt()) return expression(node.return_stmt().returnval(), nowhere);
  if (!node.has_list()) return void(statement(node, "", facts));
  for (const pg::Node& item : node.list().items()) sql_standard_body(item, facts);
}

// ---- PL/pgSQL

void Walker::plpgsql_fragment(std::string_view query, int mode) {
  constexpr Fragment fragments[] = {Fragment::statements,
                                    Fragment::statements,
                                    Fragment::plpgsql_expression,
                                    Fragment::plpgsql_assignment,
                                    Fragment::plpgsql_assignment_field,
                                    Fragment::plpgsql_assignment_subfield};
  if (mode < 0 || mode >= static_cast<int>(std::size(fragments)))
    return reach_.not_understood("a fragment of PL/pgSQL of a kind that is not on the list");
  const auto parsed = parse_sql(query, text_.session().dialect(), fragments[mode]);
  if (!parsed.ok()) return reach_.not_understood("a fragment of PL/pgSQL that cannot be read");
  StatementFacts facts;
  const Scope nowhere;
  for (const pg::RawStmt& raw : parsed->tree().stmts()) {
    const pg::Node& node = raw.stmt();
    if (!node.has_plassign_stmt()) {
      statement(node, query, facts);
      continue;
    }
    for (const pg::Node& step : node.plassign_stmt().indirection())
      if (!step.has_string()) expression(step, nowhere);
    used_.add(select(node.plassign_stmt().val(), &nowhere).everything());
  }
}

// table.column%TYPE
void Walker::variable_like_column(std::string_view table, std::string_view name) {
  const std::size_t dot = table.find('.');
  const auto found = dot == std::string_view::npos ? resolve("", table) : resolve(table.substr(0, dot), table.substr(dot + 1));
  for (const Named& named : found) {
    const Column* column = named.relation == nullptr ? nullptr : named.relation->column(name);
    if (column != nullptr) cast_to(column->type, false);
  }
}

void Walker::plpgsql_body(const std::string& create, const Function* function) {
  Reading reading = function != nullptr ? reading_for(*function) : reading_;
  reading.in_body = true;
  reading.dry = false;
  reading.folding = false;
  const std::string key =
      function != nullptr ? fmt::format("f{} {}", function->oid, function->full_name) : fmt::format("do {}", create);
  ran(body(key, reading, false, [&](Walker& walker) {
    const PlpgsqlCode code = read_plpgsql(create, text_.session().dialect());
    const std::string name = function != nullptr ? function->full_name : "DO";
    if (!code.understood) walker.reach_.not_understood(fmt::format("{}: {}", name, code.why));
    for (const PlpgsqlCode::Type& type : code.types) {
      if (type.of_column) {
        walker.variable_like_column(type.schema, type.name);
        continue;
      }
      const Type* found = walker.find_type(type.schema, type.name);
      if (found == nullptr && is_grammar_type(type.name)) continue;
      if (found == nullptr)
        walker.reach_.not_understood(fmt::format("{}: a variable of type {}, which is not in the catalog", name, type.name));
      else walker.cast_to(found->oid, false);
    }
    for (const PlpgsqlCode::Text& text : code.texts) walker.plpgsql_fragment(text.query, text.mode);
    if (code.controls_transaction) walker.does(Danger::session, fmt::format("{} commits or rolls back", name));
  }));
}

void Walker::do_block(const pg::DoStmt& stmt) {
  const auto language = option(stmt.args(), "language");
  const auto code = option(stmt.args(), "as");
  if (!code || (language && *language != "plpgsql"))
    return reach_.not_understood(fmt::format("DO in language {}, which is not read", language.value_or("of no name")));
  std::string tag = "$ng$";
  while (code->find(tag) != std::string::npos) tag.insert(3, "g");
  plpgsql_body(fmt::format("DO LANGUAGE plpgsql {}{}{}", tag, *code, tag), nullptr);
}

}  // namespace narrowgate::postgres
