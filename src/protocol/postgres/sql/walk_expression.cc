// Values. A kind of node that is not here is not understood.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

const char* const kTextTypes[] = {"text", "varchar", "bpchar", "name", "regclass", "unknown", "cstring", "oid", "int4", "int8"};

}  // namespace

void Walker::expressions(const Nodes& nodes, const Scope& scope) {
  for (const pg::Node& node : nodes) expression(node, scope);
}

void Walker::value(const pg::Node& node, const Scope& scope) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kColumnRef: return column_ref(node.column_ref(), scope);
    case Case::kAConst: return a_const(node.a_const());
    case Case::kAExpr: return a_expr(node.a_expr(), scope);
    case Case::kFuncCall: return call(node.func_call(), scope);
    case Case::kTypeCast: {
      const pg::TypeCast& cast = node.type_cast();
      const Restore plain(numbers_are_plain_, false);
      const bool outer = std::exchange(saw_column_, false);
      expression(cast.arg(), scope);
      if (!reading_.folding || !saw_column_) cast_to(cast.type_name(), is_untyped(&cast.arg()));
      saw_column_ = saw_column_ || outer;
      return;
    }
    case Case::kBoolExpr: return expressions(node.bool_expr().args(), scope);
    case Case::kSubLink: return sublink(node.sub_link(), scope);
    case Case::kParamRef:
    case Case::kSqlvalueFunction:
    case Case::kSetToDefault:
    case Case::kMergeSupportFunc:
    case Case::kAStar: return;
    case Case::kCurrentOfExpr: text_.rests_on_names = true; return;
    case Case::kNullTest: return expression(node.null_test().arg(), scope);
    case Case::kBooleanTest: return expression(node.boolean_test().arg(), scope);
    case Case::kCaseExpr: {
      const pg::CaseExpr& choice = node.case_expr();
      if (choice.has_arg()) {
        operator_call("=");
        const Restore decides(sink_, deciding());
        expression(choice.arg(), scope);
      }
      expressions(choice.args(), scope);
      maybe(choice.has_defresult(), choice.defresult(), scope);
      return mixed();
    }
    case Case::kCaseWhen: {
      {
        const Restore decides(sink_, deciding());
        expression(node.case_when().expr(), scope);
      }
      return expression(node.case_when().result(), scope);
    }
    case Case::kCoalesceExpr: return expressions(node.coalesce_expr().args(), scope), mixed();
    case Case::kMinMaxExpr: return expressions(node.min_max_expr().args(), scope), mixed();
    case Case::kRowExpr: return expressions(node.row_expr().args(), scope);
    case Case::kAArrayExpr: return expressions(node.a_array_expr().elements(), scope), mixed();
    case Case::kAIndirection: return indirection(node.a_indirection(), scope);
    case Case::kAIndices: {
      const Restore plain(numbers_are_plain_, false);
      maybe(node.a_indices().has_lidx(), node.a_indices().lidx(), scope);
      return maybe(node.a_indices().has_uidx(), node.a_indices().uidx(), scope);
    }
    case Case::kCollateClause: return maybe(node.collate_clause().has_arg(), node.collate_clause().arg(), scope);
    case Case::kNamedArgExpr: return expression(node.named_arg_expr().arg(), scope);
    case Case::kMultiAssignRef: return expression(node.multi_assign_ref().source(), scope);
    case Case::kGroupingFunc: return expressions(node.grouping_func().args(), scope);
    case Case::kGroupingSet: return expressions(node.grouping_set().content(), scope);
    case Case::kList: return expressions(node.list().items(), scope);
    case Case::kSortBy: {
      const Restore plain(numbers_are_plain_, false);
      if (node.sort_by().use_op_size() > 0) operator_call(node.sort_by().use_op(), scope);
      return expression(node.sort_by().node(), scope);
    }
    case Case::kResTarget: return maybe(node.res_target().has_val(), node.res_target().val(), scope);
    case Case::kXmlExpr: {
      const Restore plain(numbers_are_plain_, false);
      expressions(node.xml_expr().named_args(), scope);
      return expressions(node.xml_expr().args(), scope);
    }
    case Case::kXmlSerialize: {
      const Restore plain(numbers_are_plain_, false);
      expression(node.xml_serialize().expr(), scope);
      return cast_to(node.xml_serialize().type_name(), false);
    }
    default: break;
  }
  if (json_node(node, scope)) return;
  reach_.not_understood(fmt::format("an expression of a kind that is not on the list ({})", static_cast<int>(node.node_case())));
}

// SQL/JSON: constructors and queries. Their values are text or JSON; their result types are casts.
bool Walker::json_node(const pg::Node& node, const Scope& scope) {
  using Case = pg::Node::NodeCase;
  const Restore plain(numbers_are_plain_, false);
  switch (node.node_case()) {
    case Case::kJsonValueExpr: return json_value(node.json_value_expr(), scope), true;
    case Case::kJsonKeyValue:
      expression(node.json_key_value().key(), scope);
      return json_value(node.json_key_value().value(), scope), true;
    case Case::kJsonIsPredicate: return expression(node.json_is_predicate().expr(), scope), true;
    case Case::kJsonParseExpr:
      json_value(node.json_parse_expr().expr(), scope);
      return json_output(node.json_parse_expr().output()), true;
    case Case::kJsonScalarExpr:
      maybe(node.json_scalar_expr().has_expr(), node.json_scalar_expr().expr(), scope);
      return json_output(node.json_scalar_expr().output()), true;
    case Case::kJsonSerializeExpr:
      json_value(node.json_serialize_expr().expr(), scope);
      return json_output(node.json_serialize_expr().output()), true;
    case Case::kJsonObjectConstructor:
      expressions(node.json_object_constructor().exprs(), scope);
      return json_output(node.json_object_constructor().output()), true;
    case Case::kJsonArrayConstructor:
      expressions(node.json_array_constructor().exprs(), scope);
      return json_output(node.json_array_constructor().output()), true;
    case Case::kJsonArrayQueryConstructor:
      show(query(node.json_array_query_constructor().query(), &scope).everything());
      return json_output(node.json_array_query_constructor().output()), true;
    case Case::kJsonObjectAgg: {
      const pg::JsonObjectAgg& aggregate = node.json_object_agg();
      expression(aggregate.arg().key(), scope);
      json_value(aggregate.arg().value(), scope);
      return json_aggregate(aggregate.constructor(), scope), true;
    }
    case Case::kJsonArrayAgg:
      json_value(node.json_array_agg().arg(), scope);
      return json_aggregate(node.json_array_agg().constructor(), scope), true;
    case Case::kJsonFuncExpr: return json_func(node.json_func_expr(), scope), true;
    case Case::kJsonArgument: return json_value(node.json_argument().val(), scope), true;
    default: return false;
  }
}

void Walker::json_value(const pg::JsonValueExpr& value, const Scope& scope) {
  maybe(value.has_raw_expr(), value.raw_expr(), scope);
  maybe(value.has_formatted_expr(), value.formatted_expr(), scope);
}

void Walker::json_output(const pg::JsonOutput& output) {
  if (output.has_type_name()) cast_to(output.type_name(), false);
}

void Walker::json_func(const pg::JsonFuncExpr& function, const Scope& scope) {
  json_value(function.context_item(), scope);
  maybe(function.has_pathspec(), function.pathspec(), scope);
  expressions(function.passing(), scope);
  json_output(function.output());
  maybe(function.on_empty().has_expr(), function.on_empty().expr(), scope);
  maybe(function.on_error().has_expr(), function.on_error().expr(), scope);
}

void Walker::json_aggregate(const pg::JsonAggConstructor& aggregate, const Scope& scope) {
  json_output(aggregate.output());
  const Restore decides(sink_, deciding());
  maybe(aggregate.has_agg_filter(), aggregate.agg_filter(), scope);
  expressions(aggregate.agg_order(), scope);
  if (aggregate.has_over()) window(aggregate.over(), scope);
}

void Walker::json_table_columns(const Nodes& columns, const Scope& scope) {
  for (const pg::Node& node : columns) {
    const pg::JsonTableColumn& column = node.json_table_column();
    if (column.has_type_name()) cast_to(column.type_name(), false);
    maybe(column.pathspec().has_string(), column.pathspec().string(), scope);
    maybe(column.on_empty().has_expr(), column.on_empty().expr(), scope);
    maybe(column.on_error().has_expr(), column.on_error().expr(), scope);
    json_table_columns(column.columns(), scope);
  }
}

void Walker::a_const(const pg::A_Const& constant) {
  const bool number = constant.has_ival() || constant.has_fval();
  if (number && !numbers_are_plain_) text_.numbers_matter = true;
  const bool may_bring_masks = !catalog_.masked().empty() || text_.session().values_are_looked_into();
  if (constant.has_sval() && may_bring_masks && reading_.depth == 0) text_.constants.push_back(constant.sval().sval());
}

void Walker::a_expr(const pg::A_Expr& expr, const Scope& scope) {
  const bool outer = std::exchange(saw_column_, false);
  maybe(expr.has_lexpr(), expr.lexpr(), scope);
  maybe(expr.has_rexpr(), expr.rexpr(), scope);
  const bool constant = !saw_column_;
  saw_column_ = saw_column_ || outer;
  if (reading_.folding && !constant) return;
  mixed();
  switch (expr.kind()) {
    case pg::AEXPR_BETWEEN:
    case pg::AEXPR_NOT_BETWEEN:
    case pg::AEXPR_BETWEEN_SYM:
    case pg::AEXPR_NOT_BETWEEN_SYM:
      for (const std::string_view name : {"<=", ">=", "<", ">"}) operator_call(name);
      return;
    case pg::AEXPR_OP:
    case pg::AEXPR_OP_ANY:
    case pg::AEXPR_OP_ALL:
    case pg::AEXPR_DISTINCT:
    case pg::AEXPR_NOT_DISTINCT:
    case pg::AEXPR_NULLIF:
    case pg::AEXPR_IN:
    case pg::AEXPR_LIKE:
    case pg::AEXPR_ILIKE:
    case pg::AEXPR_SIMILAR: return operator_call(expr.name(), scope);
    default: return reach_.not_understood("an operator of a kind that is not on the list");
  }
}

void Walker::sublink(const pg::SubLink& link, const Scope& scope) {
  if (link.has_testexpr()) {
    const Restore compared(sink_, deciding());
    expression(link.testexpr(), scope);
  }
  if (link.oper_name_size() > 0) operator_call(link.oper_name(), scope);
  else if (link.sub_link_type() == pg::ANY_SUBLINK) operator_call("=");
  const Restore lock(locking_, false);
  Origin given = query(link.subselect(), &scope).everything();
  switch (link.sub_link_type()) {
    case pg::EXISTS_SUBLINK: return;
    case pg::EXPR_SUBLINK:
    case pg::MULTIEXPR_SUBLINK: return show(given);
    case pg::ARRAY_SUBLINK: given.computed = true; return show(given);
    default: return deciding()->add(given);  // compared with
  }
}

void Walker::indirection(const pg::A_Indirection& node, const Scope& scope) {
  expression(node.arg(), scope);
  for (const pg::Node& step : node.indirection()) {
    if (step.has_string()) attribute_call(step.string().sval(), scope);
    else expression(step, scope);
  }
}

void Walker::window(const pg::WindowDef& window, const Scope& scope) {
  expressions(window.partition_clause(), scope);
  expressions(window.order_clause(), scope);
  maybe(window.has_start_offset(), window.start_offset(), scope);
  maybe(window.has_end_offset(), window.end_offset(), scope);
}

// ---- constants: what a text argument is, if the text says so

std::optional<std::string> Walker::constant_text(const pg::Node& node) const {
  if (node.has_a_const()) {
    const pg::A_Const& constant = node.a_const();
    if (constant.has_sval()) return constant.sval().sval();
    if (constant.has_ival()) return std::to_string(constant.ival().ival());
    return std::nullopt;
  }
  if (node.has_type_cast()) {
    const auto type = words(node.type_cast().type_name().names());
    const bool plain = !type.empty() && (type.size() == 1 || type.front() == "pg_catalog") &&
                       node.type_cast().type_name().array_bounds_size() == 0 &&
                       std::find(std::begin(kTextTypes), std::end(kTextTypes), type.back()) != std::end(kTextTypes);
    return plain ? constant_text(node.type_cast().arg()) : std::nullopt;
  }
  if (node.has_a_expr() && node.a_expr().kind() == pg::AEXPR_OP && node.a_expr().has_lexpr() && node.a_expr().has_rexpr()) {
    const auto name = words(node.a_expr().name());
    if (name.empty() || name.back() != "||" ||
        !operator_candidates(name.size() > 1 ? name.front() : std::string_view(), "||").empty())
      return std::nullopt;
    const auto left = constant_text(node.a_expr().lexpr()), right = constant_text(node.a_expr().rexpr());
    return left && right ? std::optional(*left + *right) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::int64_t> Walker::constant_number(const pg::Node& node) const {
  if (node.has_a_const() && node.a_const().has_ival()) return node.a_const().ival().ival();
  if (node.has_type_cast()) return constant_number(node.type_cast().arg());
  return std::nullopt;
}

}  // namespace narrowgate::postgres
