// What masked columns a value comes from, and which uses of them decide something.
//
// A value passes through an expression if the result tells no more than a mask of it may hide, can never fail and has no effect:
// then the result is masked in its place. Whatever else is done with it (compared, sorted, cast to a number, handed to a function
// that is not on the list) could be told from outside, by rows, by an error or by time: that is a use.
#include "protocol/postgres/sql/walk.h"

namespace narrowgate::postgres {
namespace {

// PostgreSQL's own functions that neither fail nor take long because of what a text, a date or a row says.
constexpr std::string_view kTotal =
    " lower upper initcap btrim ltrim rtrim left right substr substring length char_length "
    " character_length octet_length reverse md5 concat concat_ws translate lpad rpad quote_ident "
    " quote_literal quote_nullable to_json to_jsonb row_to_json json_build_array jsonb_build_array "
    " json_build_object jsonb_build_object json_agg jsonb_agg string_agg array_agg min max count "
    " any_value array_to_string first_value last_value lag lead to_char date_trunc date_part extract "
    " num_nulls num_nonnulls ";

constexpr std::string_view kTotalOperators[] = {"||", "->", "->>", "#>", "#>>"};

bool is_total(std::string_view function) { return kTotal.find(fmt::format(" {} ", function)) != std::string_view::npos; }
bool is_total_operator(std::string_view name) {
  return std::find(std::begin(kTotalOperators), std::end(kTotalOperators), name) != std::end(kTotalOperators);
}

// A value that takes no computing.
bool is_plain(const pg::Node& node) {
  if (node.has_type_cast()) return node.type_cast().arg().has_a_const() || node.type_cast().arg().has_param_ref();
  return node.has_a_const() || node.has_column_ref() || node.has_param_ref();
}

bool all_plain(const Nodes& nodes) { return std::all_of(nodes.begin(), nodes.end(), is_plain); }

}  // namespace

// ---- results

void Output::rename(const Words& names) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (i < columns.size()) columns[i].name = names[i];
    else columns.push_back({std::string(names[i]), rest});
}

void Output::append(const Output& more) {
  columns.insert(columns.end(), more.columns.begin(), more.columns.end());
  complete = complete && more.complete;
  placed = placed && more.placed;
  rest.add(more.rest);
}

void Output::merge(const Output& other) {
  if (placed != other.placed) {  // those that have a place stand for all
    Output sure = placed ? *this : other;
    const Origin any = (placed ? other : *this).everything();
    for (OutputColumn& column : sure.columns) {
      column.origin.add(any);
      column.origin.computed = column.origin.computed || !any.clean();
    }
    *this = std::move(sure);
    return;
  }
  if (columns.size() < other.columns.size()) columns.resize(other.columns.size());
  for (std::size_t i = 0; i < other.columns.size(); ++i) {
    Origin& ours = columns[i].origin;
    const bool differ = !ours.clean() && !other.columns[i].origin.clean() && !(ours == other.columns[i].origin);
    ours.add(other.columns[i].origin);
    ours.computed = ours.computed || differ;
  }
  complete = complete && other.complete;
  placed = placed && other.placed;
  rest.add(other.rest);
}

Origin Output::everything() const {
  Origin out = rest;
  for (const OutputColumn& column : columns) out.add(column.origin);
  return out;
}

Lineage Output::lineage() const {
  Lineage out;
  out.placed = placed;
  if (!placed) {
    out.columns = {everything()};
    out.columns.front().computed = true;
    return out;
  }
  for (const OutputColumn& column : columns) out.columns.push_back(column.origin);
  return out;
}

// ---- sources

Origin Walker::every_masked_column() const {
  Origin out;
  for (std::size_t i = 0; i < catalog_.masked().size(); ++i) out.add(static_cast<std::uint16_t>(i));
  out.computed = true;
  return out;
}

Origin Walker::origin_of(const Source& source, const Column& column) {
  if (source.brought || source.relation == nullptr || catalog_.masked().empty()) return {};
  const Relation& relation = *source.relation;
  Origin out = column.masked;
  if ((relation.kind != 'v' && relation.kind != 'm') || relation.system()) return out;
  const Lineage& behind = lineage_of(relation);
  const auto i = static_cast<std::size_t>(&column - relation.columns.data());
  if (behind.placed && behind.columns.size() == relation.columns.size()) {
    out.add(behind.columns[i]);
  } else {
    for (const Origin& one : behind.columns) out.add(one);
    out.computed = out.computed || !out.clean();
  }
  return out;
}

// Of a view or a materialized one. A view that leads to itself cannot be run.
const Lineage& Walker::lineage_of(const Relation& view) {
  const auto [at, fresh] = text_.lineages.try_emplace(view.oid);
  if (!fresh) return at->second;
  Reach aside;
  Walker reader(catalog_, text_, aside, reading_);
  const std::shared_ptr<const Reach> behind = reader.view_body(view);
  Lineage found;
  if (behind != nullptr) found = behind->lineage();
  else found.columns = {every_masked_column()}, found.placed = false;
  return text_.lineages[view.oid] = std::move(found);
}

// ---- expressions

Walker::Passage Walker::passage_of(const pg::Node& node) {
  using Case = pg::Node::NodeCase;
  switch (node.node_case()) {
    case Case::kColumnRef:
    case Case::kSubLink:
    case Case::kCollateClause:
    case Case::kNamedArgExpr:
    case Case::kMultiAssignRef:
    case Case::kResTarget:
    case Case::kList: return Passage::same;
    case Case::kTypeCast: return passage_of(node.type_cast());
    case Case::kFuncCall: return passage_of(node.func_call());
    case Case::kAExpr: return passage_of(node.a_expr());
    case Case::kCoalesceExpr: return all_plain(node.coalesce_expr().args()) ? Passage::computed : Passage::used;
    case Case::kMinMaxExpr:
    case Case::kCaseExpr:
    case Case::kCaseWhen:
    case Case::kRowExpr:
    case Case::kAArrayExpr:
    case Case::kAIndirection:
    case Case::kNullTest:
    case Case::kBooleanTest:
    case Case::kJsonObjectConstructor:
    case Case::kJsonArrayConstructor:
    case Case::kJsonKeyValue:
    case Case::kJsonValueExpr:
    case Case::kJsonObjectAgg:
    case Case::kJsonArrayAgg:
    case Case::kJsonScalarExpr:
    case Case::kJsonArrayQueryConstructor: return Passage::computed;
    default: return Passage::used;
  }
}

// To text, which never fails. Everything else reads the value, and says so if it cannot.
Walker::Passage Walker::passage_of(const pg::TypeCast& cast) {
  const pg::TypeName& type = cast.type_name();
  const auto name = words(type.names());
  const bool own = !name.empty() && (name.size() == 1 || name.front() == "pg_catalog") && find_type({}, name.back()) != nullptr &&
                   find_type({}, name.back())->oid < first_user_oid;
  const bool text = own && (name.back() == "text" || name.back() == "varchar") && type.array_bounds_size() == 0;
  if (!text) return Passage::used;
  return type.typmods_size() == 0 ? Passage::same : Passage::computed;
}

Walker::Passage Walker::passage_of(const pg::FuncCall& call) {
  const auto name = words(call.funcname());
  const bool own = name.size() == 1 || (name.size() == 2 && name.front() == "pg_catalog");
  const std::string_view schema = name.size() == 1 ? std::string_view() : name.front();
  const bool total = own && is_total(name.back()) && candidates(schema, name.back(), call.args_size()).empty();
  return total && !call.agg_within_group() ? Passage::computed : Passage::used;
}

Walker::Passage Walker::passage_of(const pg::A_Expr& expr) {
  const auto name = words(expr.name());
  const bool total = expr.kind() == pg::AEXPR_OP && !name.empty() && is_total_operator(name.back()) &&
                     (name.size() == 1 || name.front() == "pg_catalog") &&
                     operator_candidates(name.size() > 1 ? name.front() : std::string_view(), name.back()).empty();
  return total ? Passage::computed : Passage::used;
}

// What a view does with a value, its maker answers for; the result is still made of it.
bool Walker::in_view() const { return reading_.depth > 0 && !reading_.in_body; }
Origin* Walker::deciding() { return in_view() ? sink_ : &used_; }

void Walker::expression(const pg::Node& node, const Scope& scope) {
  if (catalog_.masked().empty()) return value(node, scope);
  Passage passage = passage_of(node);
  if (passage == Passage::used && in_view()) passage = Passage::computed;
  switch (passage) {
    case Passage::same: return value(node, scope);
    case Passage::used: {
      const Restore sink(sink_, &used_);
      return value(node, scope);
    }
    case Passage::computed: {
      Origin inner;
      {
        const Restore sink(sink_, &inner);
        value(node, scope);
      }
      inner.computed = true;
      if (!inner.clean()) sink_->add(inner);
      return;
    }
  }
}

// What sorts or groups by a column of the result, by its name or its number.
void Walker::used_by_output(const Nodes& nodes, const Output& output) {
  for (const pg::Node& node : nodes) {
    if (node.has_sort_by()) used_by_output(node.sort_by().node(), output);
    else used_by_output(node, output);
  }
}

void Walker::used_by_output(const pg::Node& node, const Output& output) {
  if (node.has_grouping_set()) return used_by_output(node.grouping_set().content(), output);
  if (node.has_row_expr()) return used_by_output(node.row_expr().args(), output);
  if (node.has_list()) return used_by_output(node.list().items(), output);
  const auto number = node.has_a_const() ? constant_number(node) : std::nullopt;
  if (number && !output.placed) return used_.add(output.everything());
  if (number && *number >= 1 && static_cast<std::size_t>(*number) <= output.columns.size())
    return used_.add(output.columns[static_cast<std::size_t>(*number) - 1].origin);
  if (!node.has_column_ref() || node.column_ref().fields_size() != 1) return;
  const auto name = words(node.column_ref().fields());
  for (const OutputColumn& column : output.columns)
    if (column.name == name.front()) used_.add(column.origin);
  if (!output.complete) used_.add(output.rest);
}

}  // namespace narrowgate::postgres
