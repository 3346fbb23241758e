// What a write would touch, as queries that only read: for the person who decides about it.
//
//   UPDATE t SET a = e FROM f WHERE c   ▸   SELECT t.*, e FROM t, f WHERE c
//
// Promises: never guessed. A write that cannot be turned round like this (MERGE, WHERE CURRENT OF, TRUNCATE … CASCADE), or whose
// query does not read back as what was meant, has no preview. The queries are texts like any other: classify them before they
// run. Not here: running them; what triggers, rules and defaults do to the rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/postgres/sql/parse.h"

namespace narrowgate::postgres {

inline constexpr unsigned preview_rows_counted_max = 100'000;
inline constexpr unsigned preview_samples_max = 3;

struct PreviewQuery {
  std::string count;   // gives one number; at most preview_rows_counted_max + 1
  std::string sample;  // gives at most preview_samples_max rows; "" if there is nothing to be seen
  // The last columns of `sample` are what these columns would be; those in front are the rows as they are.
  std::vector<std::string> becomes;
  bool new_rows = false;  // all columns are of rows that are not there yet; `becomes` names them, or nobody does
};

std::optional<PreviewQuery> preview_query(std::string_view text, const Dialect& dialect);

}  // namespace narrowgate::postgres
