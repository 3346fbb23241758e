// SELECT, FROM, WITH.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

// The name a column of a result gets if it is given none; "" if it cannot be told.
std::string_view figured_name(const pg::Node& node) {
  switch (node.node_case()) {
    case pg::Node::kColumnRef: {
      const auto& fields = node.column_ref().fields();
      return fields.empty() || !fields.rbegin()->has_string() ? std::string_view()
                                                              : std::string_view(fields.rbegin()->string().sval());
    }
    case pg::Node::kFuncCall: return words(node.func_call().funcname()).back();
    case pg::Node::kAConst:
    case pg::Node::kAExpr:
    case pg::Node::kParamRef: return "?column?";
    case pg::Node::kTypeCast: {
      const pg::Node& arg = node.type_cast().arg();
      const std::string_view inner = arg.has_type_cast() ? std::string_view() : figured_name(arg);
      if (!inner.empty() && inner != "?column?") return inner;
      if (arg.has_type_cast() && !figured_name(arg.type_cast().arg()).empty() &&
          figured_name(arg.type_cast().arg()) != "?column?")
        return {};
      const auto type = words(node.type_cast().type_name().names());
      return type.empty() ? std::string_view() : type.back();
    }
    default: return {};
  }
}

}  // namespace

Output Walker::query(const pg::Node& node, const Scope* outer, bool lateral) {
  switch (node.node_case()) {
    case pg::Node::kSelectStmt: return select(node.select_stmt(), outer, lateral);
    case pg::Node::kInsertStmt: return insert(node.insert_stmt(), outer);
    case pg::Node::kUpdateStmt: return update(node.update_stmt(), outer);
    case pg::Node::kDeleteStmt: return erase(node.delete_stmt(), outer);
    case pg::Node::kMergeStmt: return merge(node.merge_stmt(), outer);
    default: break;
  }
  reach_.not_understood("a query of a kind that is not on the list");
  return {{}, false};
}

Output Walker::select(const pg::SelectStmt& select, const Scope* outer, bool lateral) {
  Scope scope{outer, lateral};
  return select_into(select, scope);
}

Output Walker::select_into(const pg::SelectStmt& select, Scope& scope) {
  with(select.has_with_clause(), select.with_clause(), scope);
  Output out;
  if (select.op() != pg::SETOP_NONE && select.op() != pg::SET_OPERATION_UNDEFINED) {
    out = this->select(select.larg(), &scope);
    this->select(select.rarg(), &scope);
    mixed();
  } else {
    const Locks outer_locks = std::exchange(locks_, locks_of(select.locking_clause()));
    if (locks_.all || !locks_.names.empty()) does(Danger::write, "locks rows");
    from(select.from_clause(), scope);
    locks_ = outer_locks;
    out = target_list(select.target_list(), scope);
  }
  if (select.has_into_clause()) into(select.into_clause());
  const bool plain = numbers_are_plain_;
  for (const pg::Node& row : select.values_lists()) {
    expression(row, scope);
    if (out.names.size() < static_cast<std::size_t>(row.list().items_size()))
      for (int i = 0; i < row.list().items_size(); ++i) out.names.push_back(fmt::format("column{}", i + 1));
  }
  if (select.values_lists_size() > 1) mixed();
  for (const pg::Node& node : select.distinct_clause())
    if (node.node_case() != pg::Node::NODE_NOT_SET) expression(node, scope);
  maybe(select.has_where_clause(), select.where_clause(), scope);
  numbers_are_plain_ = false;  // ORDER BY 1 is a column
  expressions(select.group_clause(), scope);
  expressions(select.sort_clause(), scope);
  numbers_are_plain_ = plain;
  maybe(select.has_having_clause(), select.having_clause(), scope);
  for (const pg::Node& node : select.window_clause()) window(node.window_def(), scope);
  maybe(select.has_limit_offset(), select.limit_offset(), scope);
  maybe(select.has_limit_count(), select.limit_count(), scope);
  return out;
}

Output Walker::target_list(const Nodes& targets, Scope& scope) {
  Output out;
  for (const pg::Node& node : targets) {
    const pg::ResTarget& target = node.res_target();
    const pg::Node& value = target.val();
    const auto& fields = value.column_ref().fields();
    if (value.has_column_ref() && !fields.empty() && fields.rbegin()->has_a_star()) {
      const Scope* where = nullptr;
      const Words name = words(fields);
      const std::string_view schema = name.size() > 2 ? name[name.size() - 3] : std::string_view();
      const Source* one = fields.size() == 1 ? nullptr : find_source(name[name.size() - 2], schema, scope, &where);
      for (const Source& source : scope.sources) {
        if (fields.size() > 1 && &source != one) continue;
        whole_row(source, scope);
        const Output more = columns_of(source);
        out.names.insert(out.names.end(), more.names.begin(), more.names.end());
        out.complete = out.complete && more.complete && source.members.empty();
      }
      if (fields.size() == 1) {
        out.complete = out.complete && !scope.merges_more;
        for (const std::string& merged : scope.merged)
          if (const auto twice = std::find(out.names.rbegin(), out.names.rend(), merged); twice != out.names.rend())
            out.names.erase(std::next(twice).base());
      }
      if (fields.size() > 1 && one == nullptr) out.complete = false;
      column_ref(value.column_ref(), scope);
      continue;
    }
    expression(value, scope);
    const std::string_view name = target.name().empty() ? figured_name(value) : std::string_view(target.name());
    if (value.has_a_indirection()) out.complete = false;  // (f(x)).* gives several
    else out.names.emplace_back(name.empty() ? "?" : name);
    out.complete = out.complete && !name.empty();
  }
  return out;
}

void Walker::with(bool has, const pg::WithClause& clause, Scope& scope) {
  if (!has) return;
  const Locks outer_locks = std::exchange(locks_, {});
  const bool locking = std::exchange(locking_, false);
  if (clause.recursive())  // each may refer to itself and to later ones
    for (const pg::Node& node : clause.ctes()) scope.ctes.push_back({node.common_table_expr().ctename(), {{}, false}});
  for (const pg::Node& node : clause.ctes()) {
    const pg::CommonTableExpr& cte = node.common_table_expr();
    Output columns = query(cte.ctequery(), &scope);
    const auto names = words(cte.aliascolnames());
    for (std::size_t i = 0; i < names.size(); ++i)
      if (i < columns.names.size()) columns.names[i] = names[i];
      else columns.names.emplace_back(names[i]);
    if (cte.has_search_clause() || cte.has_cycle_clause()) columns.complete = false;
    if (cte.has_search_clause()) operator_call("=");
    maybe(cte.cycle_clause().has_cycle_mark_value(), cte.cycle_clause().cycle_mark_value(), scope);
    maybe(cte.cycle_clause().has_cycle_mark_default(), cte.cycle_clause().cycle_mark_default(), scope);
    scope.ctes.push_back({cte.ctename(), std::move(columns)});
  }
  locks_ = outer_locks;
  locking_ = locking;
}

const Cte* Walker::find_cte(std::string_view name, const Scope& scope) const {
  for (const Scope* level = &scope; level != nullptr; level = level->outer)
    for (auto cte = level->ctes.rbegin(); cte != level->ctes.rend(); ++cte)
      if (cte->name == name) return &*cte;
  return nullptr;
}

// ---- FROM

Walker::Locks Walker::locks_of(const Nodes& clauses) {
  Locks out;
  for (const pg::Node& node : clauses) {
    const auto& rels = node.locking_clause().locked_rels();
    if (rels.empty()) out.all = true;
    for (const pg::Node& rel : rels) out.names.insert(rel.range_var().relname());
  }
  return out;
}

void Walker::rename(Source& source, const pg::Alias& alias) {
  if (!alias.aliasname().empty()) {
    source.alias = alias.aliasname();
    source.schema.clear();
  }
  const auto names = words(alias.colnames());
  if (source.is_table) {
    source.columns.names.assign(names.begin(), names.end());
    return;
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    if (i < source.columns.names.size()) source.columns.names[i] = names[i];
    else source.columns.names.emplace_back(names[i]);
}

void Walker::from(const Nodes& items, Scope& scope) {
  for (const pg::Node& item : items) from_item(item, scope);
}

void Walker::from_item(const pg::Node& item, Scope& scope) {
  switch (item.node_case()) {
    case pg::Node::kRangeVar: return from_relation(item.range_var(), scope);
    case pg::Node::kJoinExpr: return from_join(item.join_expr(), scope);
    case pg::Node::kRangeFunction: return from_function(item.range_function(), scope);
    case pg::Node::kRangeTableSample: return from_sample(item.range_table_sample(), scope);
    case pg::Node::kRangeTableFunc: return from_xml_table(item.range_table_func(), scope);
    case pg::Node::kJsonTable: return from_json_table(item.json_table(), scope);
    case pg::Node::kRangeSubselect: break;
    default: return reach_.not_understood("an entry of FROM of a kind that is not on the list");
  }
  const pg::RangeSubselect& sub = item.range_subselect();
  const bool locked = locks_.all || locks_.names.contains(sub.alias().aliasname());
  const bool outer = std::exchange(locking_, locking_ || locked);
  Source source;
  source.columns = query(sub.subquery(), &scope, sub.lateral());
  locking_ = outer;
  rename(source, sub.alias());
  scope.sources.push_back(std::move(source));
}

bool Walker::is_transition_table(const pg::RangeVar& var) const {
  if (reading_.function == nullptr || !var.schemaname().empty()) return false;
  const auto& names = reading_.function->transition_tables;
  return std::find(names.begin(), names.end(), var.relname()) != names.end();
}

void Walker::from_relation(const pg::RangeVar& var, Scope& scope) {
  Source source;
  source.alias = var.relname();
  const std::string& shown = var.alias().aliasname().empty() ? var.relname() : var.alias().aliasname();
  const Cte* cte = var.schemaname().empty() ? find_cte(var.relname(), scope) : nullptr;
  if (cte != nullptr) {
    source.columns = cte->columns;
  } else {
    const bool locked = locking_ || locks_.all || locks_.names.contains(shown);
    for (const Named& named : resolve(var)) {
      if (named.relation == nullptr && !named.temp && text_.made(named.name) == nullptr && is_transition_table(var)) {
        source.columns.complete = false;  // the rows that a trigger is told of
        continue;
      }
      read_into(named, !var.inh(), source);
      if (locked) lock_rows(named, !var.inh());
      if (source.schema.empty()) source.schema = named.name.substr(0, named.name.find('.'));
    }
  }
  if (var.has_alias()) rename(source, var.alias());
  scope.sources.push_back(std::move(source));
}

// The relations behind a view are locked with it.
void Walker::lock_rows(const Named& named, bool only) {
  does(Danger::write, fmt::format("locks rows of {}", named.name));
  if (reading_.dry) return;
  std::vector<const Relation*> all{named.relation};
  reach_.writes(named.name);
  reach_.touch("LOCK", named.name);
  if (named.relation == nullptr) return;
  if (named.relation->row_security) read_row_policies(*named.relation, 'w');
  if (named.relation->kind == 'v') lock_relation(named, only);
  if (only) return;
  for (const Oid child : named.relation->children)
    if (const Relation* below = catalog_.relation(child)) lock_rows({below, below->full_name}, false);
}

void Walker::from_join(const pg::JoinExpr& join, Scope& scope) {
  const std::size_t begin = scope.sources.size();
  from_item(join.larg(), scope);
  const std::size_t middle = scope.sources.size();
  from_item(join.rarg(), scope);
  const std::size_t end = scope.sources.size();
  for (const std::string_view name : words(join.using_clause())) join_columns(std::string(name), scope, begin, middle, end);
  if (join.using_clause_size() > 0 || join.is_natural()) {
    operator_call("=");
    for (const std::string_view name : words(join.using_clause())) scope.merged.emplace_back(name);
  }
  if (join.is_natural()) {
    const auto side = [&](std::size_t from, std::size_t to) {
      Output out;
      for (std::size_t i = from; i < to; ++i) {
        const Output more = columns_of(scope.sources[i]);
        out.names.insert(out.names.end(), more.names.begin(), more.names.end());
        out.complete = out.complete && more.complete;
      }
      return out;
    };
    const Output left = side(begin, middle), right = side(middle, end);
    scope.merges_more = scope.merges_more || !left.complete || !right.complete;
    for (const std::string& name : left.names)
      if (right.has(name)) scope.merged.push_back(name);
    for (const std::string& name : left.names)
      if (right.has(name) || !right.complete) join_columns(name, scope, begin, middle, end);
    if (!left.complete)
      for (const std::string& name : right.names) join_columns(name, scope, begin, middle, end);
  }
  maybe(join.has_quals(), join.quals(), scope);
  const auto joined = [&](const pg::Alias& alias) {
    Source source;
    for (std::size_t i = begin; i < end; ++i) source.members.push_back(i);
    source.alias = alias.aliasname();
    source.columns.complete = false;
    if (alias.colnames_size() > 0) whole_row(source, scope);  // under new names: all of it
    scope.sources.push_back(std::move(source));
  };
  if (join.has_alias()) joined(join.alias());
  if (join.has_join_using_alias()) joined(join.join_using_alias());
}

void Walker::join_columns(const std::string& name, Scope& scope, std::size_t begin, std::size_t middle, std::size_t end) {
  (void)middle;
  for (std::size_t i = begin; i < end; ++i)
    if (scope.sources[i].members.empty()) column_of(scope.sources[i], name, scope);
}

void Walker::from_function(const pg::RangeFunction& function, Scope& scope) {
  Source source;
  source.columns.complete = false;
  const bool plain = std::exchange(numbers_are_plain_, false);
  for (const pg::Node& entry : function.functions()) {  // lists of (call, column definitions)
    const auto& items = entry.list().items();
    for (const pg::Node& item : items) {
      if (item.node_case() == pg::Node::NODE_NOT_SET) continue;
      if (!item.has_list()) {
        expression(item, scope);
        if (item.has_func_call() && source.alias.empty()) source.alias = words(item.func_call().funcname()).back();
        continue;
      }
      for (const pg::Node& definition : item.list().items()) cast_to(definition.column_def().type_name(), false);
    }
  }
  for (const pg::Node& definition : function.coldeflist()) cast_to(definition.column_def().type_name(), false);
  numbers_are_plain_ = plain;
  if (function.has_alias()) rename(source, function.alias());
  if (source.columns.names.empty() && !source.alias.empty()) source.columns.names.push_back(source.alias);
  for (const pg::Node& definition : function.coldeflist()) source.columns.names.push_back(definition.column_def().colname());
  scope.sources.push_back(std::move(source));
}

void Walker::from_sample(const pg::RangeTableSample& sample, Scope& scope) {
  from_item(sample.relation(), scope);
  const bool plain = std::exchange(numbers_are_plain_, false);
  expressions(sample.args(), scope);
  maybe(sample.has_repeatable(), sample.repeatable(), scope);
  numbers_are_plain_ = plain;
  const auto method = words(sample.method());
  if (!method.empty() && method.back() != "system" && method.back() != "bernoulli") call_name(method, 1, nullptr, scope);
}

void Walker::from_xml_table(const pg::RangeTableFunc& table, Scope& scope) {
  const bool plain = std::exchange(numbers_are_plain_, false);
  maybe(table.has_docexpr(), table.docexpr(), scope);
  maybe(table.has_rowexpr(), table.rowexpr(), scope);
  expressions(table.namespaces(), scope);
  Source source;
  for (const pg::Node& node : table.columns()) {
    const pg::RangeTableFuncCol& column = node.range_table_func_col();
    if (column.has_type_name()) cast_to(column.type_name(), false);
    maybe(column.has_colexpr(), column.colexpr(), scope);
    maybe(column.has_coldefexpr(), column.coldefexpr(), scope);
    source.columns.names.push_back(column.colname());
  }
  numbers_are_plain_ = plain;
  if (table.has_alias()) rename(source, table.alias());
  scope.sources.push_back(std::move(source));
}

void Walker::from_json_table(const pg::JsonTable& table, Scope& scope) {
  const bool plain = std::exchange(numbers_are_plain_, false);
  json_value(table.context_item(), scope);
  maybe(table.pathspec().has_string(), table.pathspec().string(), scope);
  expressions(table.passing(), scope);
  json_table_columns(table.columns(), scope);
  maybe(table.on_error().has_expr(), table.on_error().expr(), scope);
  numbers_are_plain_ = plain;
  Source source;
  source.columns.complete = false;  // nested columns, too
  if (table.has_alias()) rename(source, table.alias());
  scope.sources.push_back(std::move(source));
}

}  // namespace narrowgate::postgres
