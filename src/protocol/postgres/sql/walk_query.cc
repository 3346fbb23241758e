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
  return {{}, false, false, every_masked_column()};
}

Output Walker::select(const pg::SelectStmt& select, const Scope* outer, bool lateral) {
  Scope scope{outer, lateral};
  return select_into(select, scope);
}

Output Walker::select_into(const pg::SelectStmt& select, Scope& scope) {
  Origin aside;  // what decides in a view is not told
  const Restore decides(sink_, in_view() ? &aside : &used_);
  with(select.has_with_clause(), select.with_clause(), scope);
  Output out;
  if (select.op() != pg::SETOP_NONE && select.op() != pg::SET_OPERATION_UNDEFINED) {
    out = this->select(select.larg(), &scope);
    out.merge(this->select(select.rarg(), &scope));
    if (!select.all()) sink_->add(out.everything());  // rows are compared
    mixed();
  } else {
    const Locks outer_locks = std::exchange(locks_, locks_of(select.locking_clause()));
    if (locks_.all || !locks_.names.empty()) does(Danger::write, "locks rows");
    from(select.from_clause(), scope);
    locks_ = outer_locks;
    out = target_list(select.target_list(), scope);
  }
  const bool plain = numbers_are_plain_;
  if (select.values_lists_size() > 0) out = values(select.values_lists(), scope);
  if (select.has_into_clause()) {
    into(select.into_clause());
    sink_->add(out.everything());
  }
  if (select.distinct_clause_size() > 0) sink_->add(out.everything());
  for (const pg::Node& node : select.distinct_clause())
    if (node.node_case() != pg::Node::NODE_NOT_SET) expression(node, scope);
  maybe(select.has_where_clause(), select.where_clause(), scope);
  numbers_are_plain_ = false;  // ORDER BY 1 is a column
  expressions(select.group_clause(), scope);
  expressions(select.sort_clause(), scope);
  if (!in_view()) {
    used_by_output(select.group_clause(), out);
    used_by_output(select.sort_clause(), out);
  }
  numbers_are_plain_ = plain;
  maybe(select.has_having_clause(), select.having_clause(), scope);
  for (const pg::Node& node : select.window_clause()) window(node.window_def(), scope);
  maybe(select.has_limit_offset(), select.limit_offset(), scope);
  maybe(select.has_limit_count(), select.limit_count(), scope);
  return select.has_into_clause() ? Output{} : out;
}

Output Walker::values(const Nodes& rows, Scope& scope) {
  Output out;
  for (const pg::Node& row : rows) {
    Output one;
    for (const pg::Node& item : row.list().items()) {
      one.columns.push_back({fmt::format("column{}", one.columns.size() + 1)});
      const Restore given(sink_, &one.columns.back().origin);
      expression(item, scope);
    }
    if (out.columns.empty()) out = std::move(one);
    else out.merge(one);
  }
  if (rows.size() > 1) mixed();
  return out;
}

Output Walker::target_list(const Nodes& targets, Scope& scope) {
  Output out;
  for (const pg::Node& node : targets) {
    const pg::ResTarget& target = node.res_target();
    const pg::Node& value = target.val();
    const auto& fields = value.column_ref().fields();
    if (value.has_column_ref() && !fields.empty() && fields.rbegin()->has_a_star()) {
      out.append(star(value.column_ref(), scope));
      continue;
    }
    Origin origin;
    {
      const Restore given(sink_, &origin);
      expression(value, scope);
    }
    const std::string_view name = target.name().empty() ? figured_name(value) : std::string_view(target.name());
    if (value.has_a_indirection() && value.a_indirection().indirection().rbegin()->has_a_star()) {
      out.append({{}, false, false, std::move(origin)});  // (f(x)).* gives several
      continue;
    }
    out.columns.push_back({std::string(name.empty() ? "?" : name), std::move(origin)});
    out.complete = out.complete && !name.empty();
  }
  return out;
}

// *, a.*, schema.a.*
Output Walker::star(const pg::ColumnRef& ref, Scope& scope) {
  const Words name = words(ref.fields());
  Origin aside;  // each column goes its own way
  const Restore given(sink_, &aside);
  column_ref(ref, scope);
  if (name.size() == 1) {
    const Scope& whose = scope.stars != nullptr ? *scope.stars : scope;
    for (const Source& source : whose.sources) mark_whole(source, whose);
    return whose.star;
  }
  const Scope* where = nullptr;
  const std::string_view schema = name.size() > 2 ? name[name.size() - 3] : std::string_view();
  const Source* one = find_source(name[name.size() - 2], schema, scope, &where);
  if (one == nullptr) return {{}, false, false, every_masked_column()};
  return columns_of(*one);
}

void Walker::with(bool has, const pg::WithClause& clause, Scope& scope) {
  if (!has) return;
  const Locks outer_locks = std::exchange(locks_, {});
  const bool locking = std::exchange(locking_, false);
  const std::size_t before = scope.ctes.size();
  with_queries(clause, scope, {});
  // Those that refer to themselves, or to later ones: again with what comes back to them, until nothing new does.
  constexpr int kRounds = 8;
  for (int round = 0; clause.recursive() && round <= kRounds; ++round) {
    std::vector<Cte> known(scope.ctes.end() - clause.ctes_size(), scope.ctes.end());
    Origin all;
    for (const Cte& cte : known) all.add(cte.columns.everything());
    if (all.clean()) break;
    if (round == kRounds)
      for (Cte& cte : known) cte.columns = {{}, false, false, all};
    scope.ctes.resize(before);
    with_queries(clause, scope, known);
    const bool same =
        std::equal(known.begin(), known.end(), scope.ctes.end() - clause.ctes_size(), [](const Cte& a, const Cte& b) {
          return std::equal(a.columns.columns.begin(), a.columns.columns.end(), b.columns.columns.begin(),
                            b.columns.columns.end(),
                            [](const OutputColumn& x, const OutputColumn& y) { return x.origin == y.origin; });
        });
    if (same) break;
  }
  locks_ = outer_locks;
  locking_ = locking;
}

// `known`: what those that refer to themselves, or to later ones, find there.
void Walker::with_queries(const pg::WithClause& clause, Scope& scope, const std::vector<Cte>& known) {
  if (clause.recursive() && known.empty())
    for (const pg::Node& node : clause.ctes()) scope.ctes.push_back({node.common_table_expr().ctename(), {{}, false, false}});
  scope.ctes.insert(scope.ctes.end(), known.begin(), known.end());
  for (const pg::Node& node : clause.ctes()) {
    const pg::CommonTableExpr& cte = node.common_table_expr();
    Output columns = query(cte.ctequery(), &scope);
    columns.rename(words(cte.aliascolnames()));
    if (cte.has_search_clause() || cte.has_cycle_clause()) {
      columns.complete = columns.placed = false;
      columns.rest = columns.everything();
    }
    if (cte.has_search_clause()) operator_call("=");
    maybe(cte.cycle_clause().has_cycle_mark_value(), cte.cycle_clause().cycle_mark_value(), scope);
    maybe(cte.cycle_clause().has_cycle_mark_default(), cte.cycle_clause().cycle_mark_default(), scope);
    scope.ctes.push_back({cte.ctename(), std::move(columns)});
  }
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
  if (source.is_table) source.columns.columns.clear();
  source.columns.rename(words(alias.colnames()));
}

void Walker::from(const Nodes& items, Scope& scope) {
  for (const pg::Node& item : items) scope.star.append(from_item(item, scope));
}

// The columns that * gives of it.
Output Walker::from_item(const pg::Node& item, Scope& scope) {
  switch (item.node_case()) {
    case pg::Node::kRangeVar: from_relation(item.range_var(), scope); break;
    case pg::Node::kJoinExpr: return from_join(item.join_expr(), scope);
    case pg::Node::kRangeFunction: from_function(item.range_function(), scope); break;
    case pg::Node::kRangeTableSample: from_sample(item.range_table_sample(), scope); break;
    case pg::Node::kRangeTableFunc: from_xml_table(item.range_table_func(), scope); break;
    case pg::Node::kJsonTable: from_json_table(item.json_table(), scope); break;
    case pg::Node::kRangeSubselect: from_query(item.range_subselect(), scope); break;
    default:
      reach_.not_understood("an entry of FROM of a kind that is not on the list");
      return {{}, false, false, every_masked_column()};
  }
  return columns_of(scope.sources.back());
}

void Walker::from_query(const pg::RangeSubselect& sub, Scope& scope) {
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
        source.columns.complete = source.columns.placed = false;  // the rows that a trigger is told of
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

Output Walker::from_join(const pg::JoinExpr& join, Scope& scope) {
  const std::size_t begin = scope.sources.size();
  const Output left = from_item(join.larg(), scope);
  const Output right = from_item(join.rarg(), scope);
  const std::size_t end = scope.sources.size();
  std::vector<std::string> merged;
  for (const std::string_view name : words(join.using_clause())) merged.emplace_back(name);
  if (join.is_natural())
    for (const OutputColumn& column : left.columns)
      if (right.find(column.name) != nullptr) merged.push_back(column.name);
  if (join.using_clause_size() > 0 || join.is_natural()) operator_call("=");
  for (const std::string& name : merged) join_columns(name, scope, begin, end);
  Output out = join_of(left, right, merged);
  if (join.is_natural() && (!left.complete || !right.complete)) {  // others may be common to both
    out.placed = false;
    for (const Output* side : {&left, &right})
      for (const OutputColumn& column : side->columns) join_columns(column.name, scope, begin, end);
  }
  maybe(join.has_quals(), join.quals(), scope);
  const auto joined = [&](const pg::Alias& alias) {
    Source source;
    for (std::size_t i = begin; i < end; ++i) source.members.push_back(i);
    source.alias = alias.aliasname();
    source.columns = out;
    source.columns.rename(words(alias.colnames()));
    if (alias.colnames_size() > 0) mark_whole(source, scope);  // under new names: all of it
    out = source.columns;
    source.columns.complete = false;
    scope.sources.push_back(std::move(source));
  };
  if (join.has_alias()) joined(join.alias());
  if (join.has_join_using_alias()) joined(join.join_using_alias());
  return out;
}

// First the columns that both sides have, once; then the left side's others, then the right side's.
Output Walker::join_of(const Output& left, const Output& right, const std::vector<std::string>& merged) {
  Output out;
  const auto is_merged = [&](const OutputColumn& column) {
    return std::find(merged.begin(), merged.end(), column.name) != merged.end();
  };
  for (const std::string& name : merged) {
    Output one, other;
    for (const auto& [side, to] : {std::pair(&left, &one), std::pair(&right, &other)})
      if (const OutputColumn* column = side->find(name)) to->columns.push_back(*column);
      else to->columns.push_back({name, side->rest});
    one.merge(other);
    out.append(one);
  }
  Output rest;
  for (const Output* side : {&left, &right})
    for (const OutputColumn& column : side->columns)
      if (!is_merged(column)) rest.columns.push_back(column);
  out.append(rest);
  out.complete = left.complete && right.complete;
  out.placed = left.placed && right.placed && (merged.empty() || out.complete);
  out.rest = left.rest;
  out.rest.add(right.rest);
  return out;
}

void Walker::join_columns(const std::string& name, Scope& scope, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i)
    if (scope.sources[i].members.empty()) column_of(scope.sources[i], name, scope);
}

void Walker::from_function(const pg::RangeFunction& function, Scope& scope) {
  Source source;
  source.columns.complete = source.columns.placed = false;
  const bool plain = std::exchange(numbers_are_plain_, false);
  const Restore given(sink_, &source.columns.rest);
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
  source.columns.rest.computed = true;
  if (function.has_alias()) rename(source, function.alias());
  const auto gives = [&](const std::string& name) { source.columns.columns.push_back({name, source.columns.rest}); };
  if (source.columns.columns.empty() && !source.alias.empty()) gives(source.alias);
  for (const pg::Node& definition : function.coldeflist()) gives(definition.column_def().colname());
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
    source.columns.columns.push_back({column.colname()});
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
  source.columns.complete = source.columns.placed = false;  // nested columns, too
  if (table.has_alias()) rename(source, table.alias());
  scope.sources.push_back(std::move(source));
}

}  // namespace narrowgate::postgres
