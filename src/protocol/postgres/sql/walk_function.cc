// Calls, operators, casts. Types are not inferred: whatever a call could mean is taken together, except what an earlier schema of
// the path hides with the same argument types.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

constexpr int kTypeDepth = 16;
constexpr std::int64_t kLargeObjectWrite = 0x20000;  // INV_WRITE

// A function that leads to itself, by its body or by casts of its own arguments, adds nothing the second time.
struct Running {
  Running(TextState& state, Oid oid) : text(state), key(fmt::format("run {}", oid)), already(!text.reading.insert(key).second) {
    if (already) text.cycle_cut = true;
  }
  ~Running() {
    if (!already) text.reading.erase(key);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  TextState& text;
  const std::string key;
  const bool already;
};

bool takes(const Function& function, int arguments) {
  if (function.variadic) return arguments >= function.arguments - 1 - function.defaults;
  return arguments <= function.arguments && arguments >= function.arguments - function.defaults;
}

const pg::Node* argument(const Nodes* nodes, int i) { return nodes != nullptr && i < nodes->size() ? &nodes->Get(i) : nullptr; }

}  // namespace

// A string or NULL has no type yet: a type reads it. A number has one, and is cast.
bool is_untyped(const pg::Node* node) {
  return node != nullptr && node->has_a_const() && (node->a_const().has_sval() || node->a_const().isnull());
}

void Walker::call(const pg::FuncCall& call, const Scope& scope) {
  const bool plain = std::exchange(numbers_are_plain_, false);
  const bool outer = std::exchange(saw_column_, false);
  expressions(call.args(), scope);
  const bool constant = !saw_column_;
  saw_column_ = saw_column_ || outer;
  {
    const Restore decides(sink_, deciding());
    expressions(call.agg_order(), scope);
    maybe(call.has_agg_filter(), call.agg_filter(), scope);
    if (call.has_over()) window(call.over(), scope);
  }
  numbers_are_plain_ = plain;
  if (reading_.folding && !constant) return;
  const bool named =
      std::any_of(call.args().begin(), call.args().end(), [](const pg::Node& node) { return node.has_named_arg_expr(); });
  const int arguments = call.args_size() + (call.agg_within_group() ? call.agg_order_size() : 0);
  call_name(words(call.funcname()), call.agg_star() ? 0 : arguments, named ? nullptr : &call.args(), scope);
}

void Walker::call_name(const Words& name, int arguments, const Nodes* nodes, const Scope& scope) {
  if (name.empty() || name.size() > 3) return reach_.not_understood("a function name of more than three parts");
  const std::string_view schema = name.size() == 1 ? std::string_view() : name[name.size() - 2], function = name.back();
  bool known = false;
  if (schema == "information_schema") {
    known = catalog_.information_schema_volatility(function) != '\0';
    if (catalog_.information_schema_volatility(function) == 'v')
      reach_.not_understood(fmt::format("{}.{} is not on the list", schema, function));
  }
  if (schema.empty() || schema == "pg_catalog") known = run_builtin(function, arguments, nodes, scope) || known;
  for (const Function* candidate : candidates(schema, function, arguments)) {
    known = true;
    text_.numbers_matter = true;
    const BuiltinFunction* listed = candidate->extension.empty() ? nullptr : extension_function(candidate->extension, function);
    if (listed != nullptr) apply_builtin(*listed, candidate->full_name, nodes, scope);
    else run_function(*candidate, arguments);
  }
  if (arguments == 1) {  // a type's name called as a function is a cast
    if (const Type* type = find_type(schema, function)) {
      cast_to(type->oid, is_untyped(argument(nodes, 0)));
      known = true;
    }
  }
  if (known) return;
  reach_.not_understood(fmt::format("function {}{}{} is not in the catalog", schema, schema.empty() ? "" : ".", function));
}

// x.name, where name is no column: the server looks for a function of one argument, or a type to cast to.
void Walker::attribute_call(std::string_view name, const Scope& scope) {
  if (const Type* type = find_type({}, name)) cast_to(type->oid, false);
  if (catalog_.builtin_volatility(name) != '\0' && builtin_function(name, 1) != nullptr) run_builtin(name, 1, nullptr, scope);
  else if (catalog_.builtin_volatility(name) == 'v') reach_.not_understood(fmt::format("pg_catalog.{} is not on the list", name));
  for (const Function* candidate : candidates({}, name, 1)) run_function(*candidate, 1);
}

std::vector<const Function*> Walker::candidates(std::string_view schema, std::string_view name, int arguments) const {
  std::vector<const Function*> out;
  for (const auto& made : text_.functions())
    if (made->name == name &&
        (schema == made->schema || (schema.empty() && place(made->schema) != std::string::npos && made->schema != kTemp)))
      out.push_back(made.get());
  const auto& all = catalog_.functions(name);
  for (const Function* one : all) {
    const bool here = schema.empty() ? place(one->schema) != std::string::npos : one->schema == schema;
    if (here && takes(*one, arguments)) out.push_back(one);
  }
  if (!schema.empty() || out.empty() || !reading_.path_is_certain) return out;
  const std::size_t own = place("pg_catalog");
  std::erase_if(out, [&](const Function* one) {
    const std::size_t at = place(one->schema);
    const auto& builtin = catalog_.builtin_signatures(name);
    if (own < at && std::find(builtin.begin(), builtin.end(), one->types) != builtin.end()) return true;
    return std::any_of(all.begin(), all.end(),
                       [&](const Function* other) { return place(other->schema) < at && other->types == one->types; });
  });
  return out;
}

// ---- PostgreSQL's own

bool Walker::run_builtin(std::string_view name, int arguments, const Nodes* nodes, const Scope& scope) {
  const char volatility = catalog_.builtin_volatility(name);
  const BuiltinFunction* listed = builtin_function(name, arguments);
  if (volatility == '\0' && listed == nullptr) return false;
  if (reading_.dry && volatility == 'v') return true;  // planned, not called
  if (listed != nullptr) apply_builtin(*listed, fmt::format("pg_catalog.{}", name), nodes, scope);
  else if (volatility == 'v') reach_.not_understood(fmt::format("pg_catalog.{} is not on the list of functions known", name));
  return true;
}

void Walker::apply_builtin(const BuiltinFunction& what, std::string_view full_name, const Nodes* nodes, const Scope& scope) {
  using Kind = BuiltinFunction::Kind;
  const auto own = [](std::string_view relation) { return fmt::format("pg_catalog.{}", relation); };
  const pg::Node* first = argument(nodes, 0);
  switch (what.kind) {
    case Kind::harmless:
    case Kind::size_of: return;
    case Kind::runs_text: return reach_.not_understood(fmt::format("{} reads or runs what its arguments name", full_name));
    case Kind::does: {
      reach_.raise(what.danger, fmt::format("calls {}", full_name));
      if (what.danger > Danger::session) reach_.touch("CALL", full_name, ObjectKind::function);
      if (!what.reads.empty()) reach_.reads(own(what.reads)), reach_.touch("SELECT", own(what.reads));
      if (!what.writes.empty()) reach_.writes(own(what.writes)), reach_.touch("UPDATE", own(what.writes));
      return;
    }
    case Kind::sequence_next:
    case Kind::sequence_set:
    case Kind::sequence_now: return sequence(what, nodes);
    case Kind::set_config: return set_config(nodes);
    case Kind::rows_of: {
      const auto name = first == nullptr ? std::nullopt : constant_text(*first);
      const auto named = name ? resolve_text(*name) : std::nullopt;
      if (!named) return reach_.not_understood(fmt::format("{} reads a table that its arguments compute", full_name));
      whole_row(read(*named, true), scope);
      return;
    }
    case Kind::lo_open: {
      const pg::Node* mode = argument(nodes, 1);
      const auto bits = mode == nullptr ? std::nullopt : constant_number(*mode);
      const bool reads = bits && (*bits & kLargeObjectWrite) == 0;
      const BuiltinFunction does = reads ? BuiltinFunction{{}, Kind::does, Danger::read, "pg_largeobject"}
                                         : BuiltinFunction{{}, Kind::does, Danger::write, {}, "pg_largeobject"};
      return apply_builtin(does, full_name, nodes, scope);
    }
    case Kind::populate_record:
      for (const Scope* level = &scope; level != nullptr; level = level->outer)
        for (const Source& source : level->sources)
          if (source.relation != nullptr)
            for (const Column& column : source.relation->columns) cast_to(column.type, true);
      // A row may have come through a subquery: it is one of what is read.
      for (const Oid oid : std::vector<Oid>(reach_.relations().begin(), reach_.relations().end()))
        if (const Relation* relation = catalog_.relation(oid))
          for (const Column& column : relation->columns) cast_to(column.type, true);
      return;
    case Kind::input_as_type: {
      const pg::Node* second = argument(nodes, 1);
      const auto name = second == nullptr ? std::nullopt : constant_text(*second);
      const auto parts = name ? split_name(*name) : std::nullopt;
      const Type* type = parts ? find_type(parts->size() > 1 ? (*parts)[parts->size() - 2] : "", parts->back()) : nullptr;
      if (type == nullptr) return reach_.not_understood(fmt::format("{} of a type that its arguments compute", full_name));
      return cast_to(type->oid, true);
    }
    case Kind::shows: {
      Touched& touched = reach_.touch("SELECT", own(what.reads));
      touched.sensitive = true;
      if (what.reads == "pg_proc") touched.add("prosrc");
      else touched.whole = true, reach_.reads(own(what.reads));
      return;
    }
  }
}

void Walker::sequence(const BuiltinFunction& what, const Nodes* nodes) {
  using Kind = BuiltinFunction::Kind;
  const pg::Node* first = argument(nodes, 0);
  const auto name = first == nullptr ? std::nullopt : constant_text(*first);
  const auto named = name ? resolve_text(*name) : std::nullopt;
  if (!named) {
    if (what.kind != Kind::sequence_now) reach_.raise(Danger::write, "advances a sequence");
    return reach_.not_understood("which sequence it is, its arguments compute");
  }
  const bool own = named->relation != nullptr && named->relation->table != 0 && !targets_.empty() &&
                   std::any_of(targets_.begin(), targets_.end(),
                               [&](const Relation* target) { return target->oid == named->relation->table; });
  if (own) return;  // the sequence of a serial column is part of its table
  if (what.kind != Kind::sequence_set) {
    reach_.reads(named->name);
    reach_.touch("SELECT", named->name);
  }
  if (what.kind == Kind::sequence_now) return;
  reach_.raise(Danger::write, fmt::format("advances sequence {}", named->name));
  reach_.writes(named->name);
  reach_.touch("UPDATE", named->name);
}

void Walker::set_config(const Nodes* nodes) {
  text_.numbers_matter = true;
  const pg::Node* name_node = argument(nodes, 0);
  const auto name = name_node == nullptr ? std::nullopt : constant_text(*name_node);
  if (!name) {
    reach_.changes({Change::What::forget_settings});
    return reach_.not_understood("set_config of a setting whose name is computed");
  }
  const pg::Node* value_node = argument(nodes, 1);
  const auto value = value_node == nullptr ? std::nullopt : constant_text(*value_node);
  const pg::Node* local_node = argument(nodes, 2);
  const bool local = local_node == nullptr || !local_node->has_a_const() || local_node->a_const().boolval().boolval();
  set_setting(*name, value, value.has_value() && alone_, local);
}

// ---- a user's, or an extension's

void Walker::run_function(Oid oid, int arguments) {
  if (oid == 0) return;
  if (const Function* function = catalog_.function(oid)) {
    const BuiltinFunction* listed =
        function->extension.empty() ? nullptr : extension_function(function->extension, function->name);
    const Scope nowhere;
    if (listed != nullptr) return apply_builtin(*listed, function->full_name, nullptr, nowhere);
    return run_function(*function, arguments);
  }
  const std::string_view name = catalog_.builtin_name(oid);
  const Scope nowhere;
  if (name.empty() || !run_builtin(name, arguments, nullptr, nowhere))
    reach_.not_understood(fmt::format("function {} is not in the catalog", oid));
}

void Walker::run_function(const Function& function, int arguments) {
  // Planned, not called; but the planner may put an SQL function's body in its place.
  if (reading_.dry && function.volatility == 'v' && function.language != "sql") return;
  const Running running(text_, function.oid);
  if (running.already) return;
  reach_.rests_on_function(function.oid);
  for (const Oid type : function.types) type_used(type);
  for (const Oid type : function.types) converted_to(type);
  converted_to(function.returns);
  type_used(function.returns);
  if (function.sets_meaning)
    return reach_.not_understood(fmt::format("{} changes settings that change meaning", function.full_name));
  if (arguments < function.arguments && function.defaults > 0)
    printed_check(fmt::format("d{}", function.oid), function.argument_defaults);
  if (function.kind == 'a') {
    for (const Oid part : function.parts) run_function(part, 2);
    return;
  }
  const bool trusted =
      !function.extension.empty() && function.volatility == 'i' && (function.language == "c" || function.language == "internal");
  if (trusted) return;
  if (function.language == "sql") return sql_body(function);
  if (function.language == "plpgsql") return plpgsql_body(function.body, &function);
  reach_.not_understood(
      function.extension.empty()
          ? fmt::format("{} is written in {}, which is not read", function.full_name, function.language)
          : fmt::format("{} of extension {} is not on the list of functions known", function.full_name, function.extension));
}

// ---- operators

std::vector<const Operator*> Walker::operator_candidates(std::string_view schema, std::string_view name) const {
  std::vector<const Operator*> out;
  const auto& all = catalog_.operators(name);
  for (const Operator* one : all)
    if (schema.empty() ? place(one->schema) != std::string::npos : one->schema == schema) out.push_back(one);
  if (!schema.empty() || out.empty() || !reading_.path_is_certain) return out;
  const auto& builtin = catalog_.builtin_operators(name);
  const std::size_t own = place("pg_catalog");
  std::erase_if(out, [&](const Operator* one) {
    return own < place(one->schema) &&
           std::find(builtin.begin(), builtin.end(), std::pair(one->left, one->right)) != builtin.end();
  });
  return out;
}

void Walker::operator_call(const Nodes& name, const Scope&) {
  const auto parts = words(name);
  if (parts.empty()) return;
  operator_call(parts.size() > 1 ? parts[parts.size() - 2] : std::string_view(), parts.back());
}

void Walker::operator_call(std::string_view name) { operator_call({}, name); }

void Walker::operator_call(std::string_view schema, std::string_view name) {
  if (is_temp_schema(schema)) return reach_.not_understood("an operator of this session's own");
  if (name == "<>" || name == "!=") operator_call(schema, "=");  // NOT IN and IS DISTINCT FROM may use either
  for (const Operator* candidate : operator_candidates(schema, name)) {
    text_.numbers_matter = true;
    run_function(candidate->function, 2);
    for (const Oid other : candidate->others) run_function(other, 2);
  }
}

// ---- types

const Type* Walker::find_type(std::string_view schema, std::string_view name) const {
  if (!schema.empty()) return catalog_.type(schema, name);
  for (const std::string& on_path : reading_.path)
    if (const Type* type = catalog_.type(on_path, name)) return type;
  return nullptr;
}

const Type* Walker::find_type(const pg::TypeName& type) {
  const auto parts = words(type.names());
  if (parts.empty()) return nullptr;
  if (!type.pct_type()) return find_type(parts.size() > 1 ? parts[parts.size() - 2] : std::string_view(), parts.back());
  if (parts.size() < 2) return nullptr;  // table.column%TYPE
  for (const Named& named : resolve(parts.size() > 2 ? parts[parts.size() - 3] : std::string_view(), parts[parts.size() - 2]))
    if (const Column* column = named.relation == nullptr ? nullptr : named.relation->column(parts.back()))
      return catalog_.type(column->type);
  return nullptr;
}

void Walker::cast_to(const pg::TypeName& type, bool literal) {
  if (type.typmods_size() > 0) text_.numbers_matter = true;
  const auto parts = words(type.names());
  if (parts.empty()) return;
  if (const Type* found = find_type(type)) return cast_to(found->oid, literal);
  if (parts.size() == 2 && parts.front() == "pg_catalog" && !type.pct_type()) return;
  const bool temp = parts.size() == 1 ? text_.session().temp_relation(parts.back()) != nullptr ||
                                            text_.made(fmt::format("{}.{}", kTemp, parts.back())) != nullptr
                                      : parts.front() == kTemp;
  if (parts.size() == 2 && parts.front() == "pg_catalog") return;
  const std::string full = fmt::format("{}", fmt::join(parts, "."));
  if (temp || text_.made(full) != nullptr) return;  // a relation's row type: its checks were looked at when it was made
  reach_.not_understood(fmt::format("type {} is not in the catalog", full));
}

// The value becomes one of this type: domains are checked, and casts that a user made may run. A literal is read, not cast.
void Walker::cast_to(Oid oid, bool literal, int depth) {
  if (!literal)
    for (const Cast& cast : catalog_.casts())
      if (cast.target == oid && (oid >= first_user_oid || at_hand(cast.source))) run_function(cast.function, 1);
  if (oid < first_user_oid) return;
  if (depth > kTypeDepth) return reach_.not_understood("a type nested too deeply");
  const Type* type = catalog_.type(oid);
  if (type == nullptr) return;
  type_used(oid);
  for (std::size_t i = 0; i < type->checks.size(); ++i) printed_check(fmt::format("t{}.{}", oid, i), type->checks[i]);
  cast_to(type->base, literal, depth + 1);
  cast_to(type->element, literal, depth + 1);
  if (type->kind != 'c' || type->relation == 0) return;
  if (const Relation* row = catalog_.relation(type->relation))
    for (const Column& column : row->columns) cast_to(column.type, true, depth + 1);
}

// An argument or a result: what is not of this type yet becomes so by itself.
void Walker::converted_to(Oid oid) {
  for (const Cast& cast : catalog_.casts())
    if (cast.target == oid && cast.context != 'e' && (oid >= first_user_oid || cast.source < first_user_oid))
      run_function(cast.function, 1);
  cast_to(oid, true);
}

// Values of different types become one: PostgreSQL's own may become a user's.
void Walker::mixed() {
  for (const Cast& cast : catalog_.casts())
    if (cast.context == 'i' && cast.target >= first_user_oid && text_.types_seen.contains(cast.target))
      run_function(cast.function, 1);
}

// May an expression here have a value of this type?
bool Walker::at_hand(Oid oid) const {
  if (oid < first_user_oid || !text_.types_known || text_.types_seen.contains(oid)) return true;
  const Type* type = catalog_.type(oid);
  return type != nullptr && type->kind == 'c' && reach_.relations().contains(type->relation);
}

// A value of this type is at hand: casts from it that happen by themselves may run, and so may what compares its values.
void Walker::type_used(Oid oid, int depth) {
  if (depth > kTypeDepth) return;
  if (oid >= first_user_oid) text_.types_seen.insert(oid);
  for (const Cast& cast : catalog_.casts())
    if (cast.source == oid && cast.context != 'e' && (oid >= first_user_oid || cast.target < first_user_oid))
      run_function(cast.function, 1);
  const Type* type = catalog_.type(oid);
  if (type == nullptr) return;
  for (const Oid function : type->functions) run_function(function, 2);
  if (oid < first_user_oid) return;
  const std::string key = fmt::format("type {}", oid);
  if (!text_.reading.insert(key).second) return void(text_.cycle_cut = true);
  if (type->element != 0) type_used(type->element, depth + 1);
  if (type->base != 0) type_used(type->base, depth + 1);
  if (const Relation* row = type->kind == 'c' ? catalog_.relation(type->relation) : nullptr)
    for (const Column& column : row->columns) type_used(column.type, depth + 1);
  text_.reading.erase(key);
}

}  // namespace narrowgate::postgres
