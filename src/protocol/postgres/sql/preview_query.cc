#include "protocol/postgres/sql/preview_query.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pg_query.h>
#include <pg_query.pb.h>

namespace narrowgate::postgres {
namespace {

namespace pg = pg_query;

using Nodes = google::protobuf::RepeatedPtrField<pg::Node>;

// Where things stand in a text is no part of what they mean.
void forget_places(google::protobuf::Message& message) {
  const auto* fields = message.GetReflection();
  const auto* type = message.GetDescriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    const std::string& name = field->name();
    const bool place =
        name.ends_with("location") || name == "stmt_len" || name.ends_with("list_start") || name.ends_with("list_end");
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (place) fields->ClearField(&message, field);
    } else if (field->is_repeated()) {
      for (int at = 0; at < fields->FieldSize(message, field); ++at)
        forget_places(*fields->MutableRepeatedMessage(&message, field, at));
    } else if (fields->HasField(message, field)) {
      forget_places(*fields->MutableMessage(&message, field));
    }
  }
}

std::string without_places(const pg::ParseResult& tree) {
  pg::ParseResult copy = tree;
  forget_places(copy);
  return copy.SerializeAsString();
}

std::optional<std::string> deparsed(const pg::ParseResult& tree) {
  std::string bytes = tree.SerializeAsString();
  const PgQueryDeparseResult result = pg_query_deparse_protobuf({bytes.size(), bytes.data()});
  std::optional<std::string> text;
  if (result.error == nullptr) text = result.query;
  pg_query_free_deparse_result(result);
  return text;
}

// Only if it reads back as the same tree.
std::optional<std::string> text_of(pg::SelectStmt select, int version) {
  pg::ParseResult tree;
  tree.set_version(version);
  *tree.add_stmts()->mutable_stmt()->mutable_select_stmt() = std::move(select);
  auto text = deparsed(tree);
  if (!text) return std::nullopt;
  const auto again = parse_sql(*text);
  if (!again.ok() || without_places(again->tree()) != without_places(tree)) return std::nullopt;
  return text;
}

std::string limited(const std::string& rows, unsigned most) {
  return fmt::format("SELECT * FROM ({}) AS narrowgate_rows LIMIT {}", rows, most);
}

std::string counted(const std::string& rows) {
  return fmt::format("SELECT pg_catalog.count(*) FROM (SELECT 1 FROM ({}) AS narrowgate_rows LIMIT {}) AS narrowgate_counted",
                     rows, preview_rows_counted_max + 1);
}

pg::SelectStmt empty_select() {
  pg::SelectStmt out;
  out.set_limit_option(pg::LIMIT_OPTION_DEFAULT);
  out.set_op(pg::SETOP_NONE);
  return out;
}

// UPDATE and DELETE name their rows alike.
struct Target {
  const pg::RangeVar& relation;
  const Nodes& others;
  const pg::Node* where;
  const pg::WithClause* with;
};

pg::SelectStmt select_from(const Target& target) {
  pg::SelectStmt out = empty_select();
  if (target.with != nullptr) *out.mutable_with_clause() = *target.with;
  *out.add_from_clause()->mutable_range_var() = target.relation;
  for (const pg::Node& other : target.others) *out.add_from_clause() = other;
  if (target.where != nullptr) *out.mutable_where_clause() = *target.where;
  return out;
}

const std::string& name_of(const pg::RangeVar& relation) {
  return relation.has_alias() ? relation.alias().aliasname() : relation.relname();
}

pg::ColumnRef* add_column_of(const Target& target, pg::SelectStmt& select) {
  pg::ColumnRef* column = select.add_target_list()->mutable_res_target()->mutable_val()->mutable_column_ref();
  column->add_fields()->mutable_string()->set_sval(name_of(target.relation));
  return column;
}

// Rows of a join may name the same row of the target twice; it changes once.
std::optional<std::string> rows_of(const Target& target, int version) {
  pg::SelectStmt select = select_from(target);
  for (const char* place : {"tableoid", "ctid"}) add_column_of(target, select)->add_fields()->mutable_string()->set_sval(place);
  const auto text = text_of(std::move(select), version);
  if (!text || target.others.empty()) return text;
  return fmt::format("SELECT DISTINCT narrowgate_joined.tableoid, narrowgate_joined.ctid FROM ({}) AS narrowgate_joined", *text);
}

// With no join a view's rows, which have no ctid, can be counted too.
std::optional<std::string> plain_rows_of(const Target& target, int version) {
  pg::SelectStmt select = select_from(target);
  select.add_target_list()->mutable_res_target()->mutable_val()->mutable_a_const()->mutable_ival()->set_ival(1);
  return text_of(std::move(select), version);
}

std::optional<PreviewQuery> preview_of(const Target& target, const Nodes& assignments, int version) {
  PreviewQuery out;
  const auto rows = target.others.empty() ? plain_rows_of(target, version) : rows_of(target, version);
  if (!rows) return std::nullopt;
  out.count = counted(*rows);

  pg::SelectStmt select = select_from(target);
  add_column_of(target, select)->add_fields()->mutable_a_star();
  for (const pg::Node& node : assignments) {
    const pg::ResTarget& one = node.res_target();
    if (one.indirection_size() > 0 || one.val().has_multi_assign_ref() || one.val().has_set_to_default()) continue;
    pg::ResTarget& becomes = *select.add_target_list()->mutable_res_target();
    becomes.set_name(fmt::format("narrowgate_{}", out.becomes.size()));
    *becomes.mutable_val() = one.val();
    out.becomes.push_back(one.name());
  }
  if (const auto sample = text_of(std::move(select), version)) out.sample = limited(*sample, preview_samples_max);
  else out.becomes.clear();
  return out;
}

std::optional<PreviewQuery> preview_of(const pg::UpdateStmt& update, int version) {
  return preview_of({update.relation(), update.from_clause(), update.has_where_clause() ? &update.where_clause() : nullptr,
                     update.has_with_clause() ? &update.with_clause() : nullptr},
                    update.target_list(), version);
}

std::optional<PreviewQuery> preview_of(const pg::DeleteStmt& removal, int version) {
  return preview_of({removal.relation(), removal.using_clause(), removal.has_where_clause() ? &removal.where_clause() : nullptr,
                     removal.has_with_clause() ? &removal.with_clause() : nullptr},
                    {}, version);
}

std::optional<PreviewQuery> preview_of(const pg::InsertStmt& insert, int version) {
  if (!insert.has_select_stmt()) return std::nullopt;
  pg::SelectStmt select = insert.select_stmt().select_stmt();
  if (insert.has_with_clause() && select.has_with_clause()) return std::nullopt;
  if (insert.has_with_clause()) *select.mutable_with_clause() = insert.with_clause();
  const auto rows = text_of(std::move(select), version);
  if (!rows) return std::nullopt;
  PreviewQuery out{counted(*rows), limited(*rows, preview_samples_max), {}, true};
  for (const pg::Node& column : insert.cols()) out.becomes.push_back(column.res_target().name());
  return out;
}

std::optional<PreviewQuery> preview_of(const pg::TruncateStmt& truncation, int version) {
  if (truncation.behavior() == pg::DROP_CASCADE) return std::nullopt;
  std::vector<std::string> tables;
  for (const pg::Node& relation : truncation.relations()) {
    const auto rows = plain_rows_of({relation.range_var(), {}, nullptr, nullptr}, version);
    if (!rows) return std::nullopt;
    tables.push_back(*rows);
  }
  return PreviewQuery{counted(fmt::format("{}", fmt::join(tables, " UNION ALL "))), "", {}, false};
}

}  // namespace

std::optional<PreviewQuery> preview_query(std::string_view text, const Dialect& dialect) {
  const auto parsed = parse_sql(text, dialect);
  if (!parsed.ok() || parsed->tree().stmts_size() != 1) return std::nullopt;
  const pg::Node& statement = parsed->tree().stmts(0).stmt();
  const int version = parsed->tree().version();
  if (statement.has_update_stmt()) return preview_of(statement.update_stmt(), version);
  if (statement.has_delete_stmt()) return preview_of(statement.delete_stmt(), version);
  if (statement.has_insert_stmt()) return preview_of(statement.insert_stmt(), version);
  if (statement.has_truncate_stmt()) return preview_of(statement.truncate_stmt(), version);
  return std::nullopt;
}

}  // namespace narrowgate::postgres
