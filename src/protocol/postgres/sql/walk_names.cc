// What a name stands for; reading relations and columns.
#include <charconv>

#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

constexpr std::string_view kSystemColumns[] = {"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"};

constexpr std::size_t kNameBytes = 63;  // NAMEDATALEN - 1: the server cuts what is longer

bool is_system_column(std::string_view name) {
  return std::find(std::begin(kSystemColumns), std::end(kSystemColumns), name) != std::end(kSystemColumns);
}

std::string_view sval(const pg::Node& node) {
  return node.has_string() ? std::string_view(node.string().sval()) : std::string_view();
}

}  // namespace

bool is_temp_schema(std::string_view schema) { return schema == kTemp || schema.starts_with("pg_temp_"); }

Words words(const Nodes& nodes) {
  Words out;
  for (const pg::Node& node : nodes) out.push_back(sval(node));
  return out;
}

std::optional<std::vector<std::string>> split_name(std::string_view text) {
  std::string commas;
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) return std::nullopt;
    commas += c == '.' && !quoted ? ',' : c;
  }
  auto out = split_path(commas);
  if (!out || out->empty() || out->size() > 3) return std::nullopt;
  for (std::string& part : *out)
    if (part.size() > kNameBytes) part.resize(kNameBytes);
  return out;
}

std::vector<std::string> effective_path(const Catalog& catalog, const SessionState& session,
                                        const std::vector<std::string>& set) {
  std::vector<std::string> out;
  if (std::find(set.begin(), set.end(), "pg_catalog") == set.end()) out.emplace_back("pg_catalog");
  for (const std::string& schema : set) {
    const bool usable = session.role_changed() ? catalog.has_schema(schema) : catalog.may_use_schema(schema);
    if (usable || schema == kTemp) out.push_back(schema);
  }
  return out;
}

Reading Walker::reading_of(const Catalog& catalog, const SessionState& session) {
  Reading out;
  out.path = effective_path(catalog, session, session.search_path());
  out.path_is_certain = !session.role_changed();
  return out;
}

Walker::Walker(const Catalog& catalog, TextState& text, Reach& reach, Reading reading)
    : catalog_(catalog), text_(text), reach_(reach), reading_(std::move(reading)) {}

std::size_t Walker::place(std::string_view schema) const {
  const auto found = std::find(reading_.path.begin(), reading_.path.end(), schema);
  return found == reading_.path.end() ? std::string::npos : static_cast<std::size_t>(found - reading_.path.begin());
}

// ---- relations

std::vector<Named> Walker::resolve(std::string_view schema, std::string_view name) {
  const auto temp = [&](std::vector<Named>& out) {  // true: it is this one and no other
    if (reading_.printed) return false;
    const std::string full = fmt::format("{}.{}", kTemp, name);
    if (const Made* made = text_.made(full)) return out.push_back({nullptr, full, true, made->view, made->text}), true;
    const auto* known = text_.session().temp_relation(name);
    if (known != nullptr) out.push_back({nullptr, full, true, known->view, known->text});
    return known != nullptr && known->certain;
  };
  std::vector<Named> out;
  if (is_temp_schema(schema)) {
    if (!temp(out) && out.empty()) out.push_back({nullptr, fmt::format("{}.{}", kTemp, name), true});
    return out;
  }
  if (!schema.empty()) {
    const std::string full = fmt::format("{}.{}", schema, name);
    const Made* made = text_.made(full);
    const Relation* relation = made != nullptr ? nullptr : catalog_.relation(schema, name);
    out.push_back({relation, full, false, made != nullptr && made->view, made != nullptr ? made->text : ""});
    return out;
  }
  // What is temporary comes first, unless the path says where it comes.
  if (place(kTemp) == std::string::npos && temp(out)) return out;
  for (const std::string& on_path : reading_.path) {
    if (on_path == kTemp) {
      if (temp(out)) return out;
      continue;
    }
    const std::string full = on_path + '.' + std::string(name);
    const Made* made = text_.made(full);
    const Relation* relation = made != nullptr ? nullptr : catalog_.relation(on_path, name);
    if (made == nullptr && relation == nullptr) continue;
    out.push_back({relation, full, false, made != nullptr && made->view, made != nullptr ? made->text : ""});
    if (reading_.path_is_certain) return out;
  }
  if (out.empty()) {
    pg::RangeVar var;
    var.set_relname(std::string(name));
    out.push_back({nullptr, creation_name(var)});
  }
  return out;
}

std::vector<Named> Walker::resolve(const pg::RangeVar& var) {
  if (!var.catalogname().empty() && var.catalogname() != catalog_.database())
    reach_.not_understood(fmt::format("database {} is not the one connected to", var.catalogname()));
  return resolve(var.schemaname(), var.relname());
}

std::optional<Named> Walker::resolve_text(std::string_view text) {
  Oid oid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), oid);
  if (error == std::errc() && end == text.data() + text.size()) {
    const Relation* relation = catalog_.relation(oid);
    return relation == nullptr ? std::nullopt : std::optional(Named{relation, relation->full_name});
  }
  const auto parts = split_name(text);
  if (!parts) return std::nullopt;
  const auto found = resolve(parts->size() > 1 ? (*parts)[parts->size() - 2] : "", parts->back());
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

// Where CREATE would put it: the first schema of the path that exists.
std::string Walker::creation_name(const pg::RangeVar& var) {
  if (var.relpersistence() == "t" || is_temp_schema(var.schemaname())) return fmt::format("{}.{}", kTemp, var.relname());
  if (!var.schemaname().empty()) return var.schemaname() + '.' + var.relname();
  const auto& set = text_.session().search_path();
  for (const std::string& schema : reading_.path) {
    const bool implicit = schema == "pg_catalog" && std::find(set.begin(), set.end(), schema) == set.end();
    if (!implicit) return schema + '.' + var.relname();
  }
  return var.relname();
}

// ---- reading them

Touched& Walker::mark_select(const Relation& relation) {
  Touched& out = reach_.touch("SELECT", relation.full_name);
  reach_.reads(relation.full_name);
  if (relation.system()) {
    const SystemRelation known = system_relation(relation.schema, relation.name);
    out.system = known.reviewed;
    out.sensitive = out.sensitive || known.sensitive == "*";
  } else {
    reach_.rests_on_relation(relation.oid);
  }
  return out;
}

Source Walker::read(const Named& named, bool only) {
  Source out;
  read_into(named, only, out);
  return out;
}

void Walker::read_into(const Named& named, bool only, Source& source) {
  source.is_table = true;
  if (named.relation == nullptr) {
    source.marks.push_back(&reach_.touch("SELECT", named.name));
    reach_.reads(named.name);
    source.columns.complete = source.columns.placed = false;
    if (named.view) source.columns.rest = view_text(named.text).everything();
    source.columns.rest.computed = true;
    return;
  }
  const Relation& relation = *named.relation;
  if (source.relation == nullptr) source.relation = &relation;
  source.marks.push_back(&mark_select(relation));
  if (relation.kind == 'v' && !relation.system()) view_body(relation);
  if (relation.row_security) read_row_policies(relation, 'r');
  planned_with(relation);
  if (only) return;
  for (const Oid child : relation.children)
    if (const Relation* below = catalog_.relation(child); below != nullptr && source.marks.size() < effects_max)
      read_into({below, below->full_name}, false, source);
}

// An index may be used, and compares as it was told to; what its expressions and constraints call with constants, the planner
// calls to simplify them.
void Walker::planned_with(const Relation& relation) {
  for (const Oid function : relation.index_functions) run_function(function, 2);
  if (reading_.folding) return;
  const auto calls_users = [](const std::string& printed) { return printed.find('.') != std::string::npos; };
  Reading reading{.dry = true, .printed = true, .folding = true, .path = {"pg_catalog"}};
  for (std::size_t i = 0; i < relation.checks.size(); ++i)
    if (calls_users(relation.checks[i]))
      body(fmt::format("x{}.{}", relation.oid, i), reading, false,
           [&](Walker& walker) { walker.printed_expressions(relation.checks[i]); });
}

void Walker::read_row_policies(const Relation& relation, char command) {
  for (std::size_t i = 0; i < relation.policies.size(); ++i) {
    const Policy& policy = relation.policies[i];
    if (policy.command == command || policy.command == '*')
      printed_check(fmt::format("p{}.{}", relation.oid, i), policy.expression);
  }
}

void Walker::mark(const Source& source, const Column& column) {
  show(origin_of(source, column));
  for (Touched* touched : source.marks) touched->add(column.name);
  if (source.relation != nullptr && source.relation->system() &&
      system_relation(source.relation->schema, source.relation->name).is_sensitive(column.name))
    for (Touched* touched : source.marks) touched->sensitive = true;
  type_used(column.type);
  if (column.computed_on_read && source.relation != nullptr)
    printed_check(fmt::format("c{}.{}", source.relation->oid, column.name), column.expression);
}

// As one value: a row, or something made of it.
void Walker::whole_row(const Source& source, const Scope& scope) {
  mark_whole(source, scope);
  if (catalog_.masked().empty()) return;
  Origin row = columns_of(source).everything();
  row.computed = true;
  if (!row.clean()) show(row);
}

void Walker::mark_whole(const Source& source, const Scope& scope) {
  for (const std::size_t member : source.members) mark_whole(scope.sources[member], scope);
  for (Touched* touched : source.marks) touched->whole = true;
  if (source.relation == nullptr) return;
  const bool sensitive =
      source.relation->system() && !system_relation(source.relation->schema, source.relation->name).sensitive.empty();
  if (sensitive)
    for (Touched* touched : source.marks) touched->sensitive = true;
  for (const Column& column : source.relation->columns) {
    type_used(column.type);
    if (column.computed_on_read) printed_check(fmt::format("c{}.{}", source.relation->oid, column.name), column.expression);
  }
}

Output Walker::columns_of(const Source& source) {
  Output out = source.columns;
  if (source.relation == nullptr) return out;
  const auto& columns = source.relation->columns;
  for (std::size_t i = out.columns.size(); i < columns.size(); ++i) out.columns.push_back({columns[i].name});
  for (std::size_t i = 0; i < columns.size(); ++i) out.columns[i].origin = origin_of(source, columns[i]);
  return out;
}

// ---- columns

// Marks it if the source has it.
bool Walker::column_of(const Source& source, std::string_view name, const Scope& scope) {
  bool found = false;
  for (const std::size_t member : source.members) found = column_of(scope.sources[member], name, scope) || found;
  const auto& renamed = source.columns.columns;
  const OutputColumn* at = source.columns.find(name);
  if (source.relation == nullptr) {
    if (at != nullptr) show(at->origin);
    else if (!source.columns.complete) show(source.columns.rest);
  }
  if (found || !source.members.empty()) return found || at != nullptr;
  if (source.relation == nullptr) {
    if (at == nullptr && (!source.is_table || !is_system_column(name))) {
      if (source.is_table)
        for (Touched* touched : source.marks) touched->add(std::string(name));  // perhaps
      return false;
    }
    if (source.is_table)
      for (Touched* touched : source.marks) touched->whole = true;
    return true;
  }
  if (at != nullptr) {
    const auto i = static_cast<std::size_t>(at - renamed.data());
    if (i < source.relation->columns.size()) mark(source, source.relation->columns[i]);
    return true;
  }
  const Column* column = source.relation->column(name);
  if (column != nullptr) {
    const auto i = static_cast<std::size_t>(column - source.relation->columns.data());
    if (i < renamed.size()) return false;  // it goes by another name here
    mark(source, *column);
  }
  return column != nullptr || is_system_column(name);
}

// An unqualified column: the innermost query that has it. Where a query may have it, the next one out is asked too.
bool Walker::column(std::string_view name, const Scope& scope) {
  bool skip = false;
  for (const Scope* level = &scope; level != nullptr; skip = !level->lateral, level = level->outer) {
    if (skip) continue;
    bool found = false;
    for (const Source& source : level->sources)
      if (source.members.empty()) found = column_of(source, name, *level) || found;
    if (found) return true;
  }
  return false;
}

const Source* Walker::find_source(std::string_view alias, std::string_view schema, const Scope& scope,
                                  const Scope** where) const {
  bool skip = false;
  for (const Scope* level = &scope; level != nullptr; skip = !level->lateral, level = level->outer) {
    if (skip) continue;
    for (const Source& source : level->sources)
      if (source.alias == alias && (schema.empty() || source.schema == schema)) return *where = level, &source;
  }
  return nullptr;
}

// source.name: a column, or a function called as if it were one.
void Walker::field_of(const Source& source, std::string_view name, const Scope& scope) {
  if (column_of(source, name, scope)) return;
  const bool known = source.relation != nullptr || (source.columns.complete && source.members.empty());
  if (known || !source.members.empty()) whole_row(source, scope);
  attribute_call(name, scope);
}

void Walker::column_ref(const pg::ColumnRef& ref, const Scope& scope) {
  const int size = ref.fields_size();
  saw_column_ = true;
  if (size == 0) return;
  const pg::Node& last = ref.fields(size - 1);
  const Scope* where = nullptr;
  if (size == 1) {
    if (last.has_a_star()) return;  // count(*), and target lists have dealt with theirs
    const std::string_view name = sval(last);
    if (column(name, scope)) return;
    if (const Source* source = find_source(name, {}, scope, &where)) whole_row(*source, *where);
    return;
  }
  // alias.column, schema.table.column, database.schema.table.column; or a column's field, deeper.
  const std::string_view first = sval(ref.fields(0)), second = sval(ref.fields(1));
  const Source* source = nullptr;
  int field = 0;
  if (size >= 3) source = find_source(second, first, scope, &where), field = 2;
  if (source == nullptr && size >= 4) source = find_source(sval(ref.fields(2)), second, scope, &where), field = 3;
  if (source == nullptr) source = find_source(first, {}, scope, &where), field = 1;
  if (source == nullptr) {
    // A parameter or a variable of a body, or a mistake that the server will find.
    if (reading_.depth > 0 && !last.has_a_star() && size == 2) attribute_call(sval(last), scope);
    return;
  }
  if (field >= size || ref.fields(field).has_a_star()) return whole_row(*source, *where);
  field_of(*source, sval(ref.fields(field)), *where);
  for (int i = field + 1; i < size; ++i)
    if (!ref.fields(i).has_a_star()) attribute_call(sval(ref.fields(i)), scope);
}

}  // namespace narrowgate::postgres
