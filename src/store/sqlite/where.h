// The WHERE clause of a listing: only the filters that are set, as parameters.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "store/grants.h"
#include "store/sqlite/connection.h"

namespace narrowgate::store {

class Where {
 public:
  // `column` is ours, never input.
  Where& equals(std::string_view column, const std::string& value) {
    if (!value.empty()) add(std::string(column) + " = ?", value);
    return *this;
  }
  Where& at_least(std::string_view column, const std::optional<WallTime>& time) { return compares(column, " >= ", time); }
  Where& at_most(std::string_view column, const std::optional<WallTime>& time) { return compares(column, " <= ", time); }
  Where& either(std::string_view left, std::string_view right, const std::string& value) {
    if (value.empty()) return *this;
    add("(" + std::string(left) + " = ? OR " + std::string(right) + " = ?)", value);
    values_.push_back(value);
    return *this;
  }
  Where& one_of(std::string_view column, const std::vector<std::string>& values) {
    if (values.empty()) return *this;
    std::string marks;
    for (const auto& value : values) {
      marks += marks.empty() ? "?" : ", ?";
      values_.push_back(value);
    }
    clause_ += (clause_.empty() ? " WHERE " : " AND ") + std::string(column) + " IN (" + marks + ")";
    return *this;
  }
  Where& has(std::string_view condition, const std::string& value) {
    add(std::string(condition), value);
    return *this;
  }
  Where& is(std::string_view condition) {
    clause_ += (clause_.empty() ? " WHERE " : " AND ") + std::string(condition);
    return *this;
  }

  const std::string& clause() const { return clause_; }
  Query& bind(Query& query) const {
    for (const auto& value : values_) query.bind(value);
    return query;
  }

 private:
  void add(const std::string& condition, const std::string& value) {
    is(condition);
    values_.push_back(value);
  }
  Where& compares(std::string_view column, std::string_view operation, const std::optional<WallTime>& time) {
    if (time) is(std::string(column) + std::string(operation) + std::to_string(unix_ms(*time)));
    return *this;
  }

  std::string clause_;
  std::vector<std::string> values_;
};

inline std::int64_t listed(std::size_t limit) { return std::int64_t(std::min(limit, rows_listed_max)); }

// Reads every row that `query` finds. `read` makes a row of the current one and may fail.
template <class Row, class Read>
Result<std::vector<Row>> all_rows(Query& query, Read read) {
  std::vector<Row> out;
  for (;;) {
    NG_TRY(const bool row, query.step());
    if (!row) return out;
    NG_TRY(auto value, read(query));
    out.push_back(std::move(value));
  }
}

template <class Row, class Read>
Result<std::optional<Row>> first_row(Query& query, Read read) {
  NG_TRY(const bool row, query.step());
  if (!row) return std::optional<Row>();
  NG_TRY(auto value, read(query));
  return std::optional<Row>(std::move(value));
}

}  // namespace narrowgate::store
