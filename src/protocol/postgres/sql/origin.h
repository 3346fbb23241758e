// Which masked columns a value comes from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace narrowgate::postgres {

struct Origin {
  std::vector<std::uint16_t> columns;  // places in Catalog::masked(); sorted, each once
  bool computed = false;               // of them, but no longer the value of one column

  bool clean() const { return columns.empty(); }
  void add(std::uint16_t column) {
    const auto at = std::lower_bound(columns.begin(), columns.end(), column);
    if (at == columns.end() || *at != column) columns.insert(at, column);
  }
  void add(const Origin& other) {
    for (const std::uint16_t column : other.columns) add(column);
    computed = computed || other.computed;
  }
  friend bool operator==(const Origin&, const Origin&) = default;
};

// Where the columns of a result come from, in their order.
struct Lineage {
  std::vector<Origin> columns;
  bool placed = true;  // false: nobody can tell which comes where, so all of it comes from all of `columns`
  bool clean() const {
    return std::all_of(columns.begin(), columns.end(), [](const Origin& one) { return one.clean(); });
  }
};

}  // namespace narrowgate::postgres
