// What an operation would do if it ran now, for the person who decides about it: found out without running it. Words and values
// of the upstream's; what is masked for the agent is masked here too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace narrowgate {

struct Preview {
  std::vector<std::string> plan;      // how the upstream means to do it, line by line, with its estimates
  std::optional<std::uint64_t> rows;  // that it would change, counted
  bool more = false;                  // than that: counting stopped there
  std::vector<std::string> triggers;  // what else would run, as the upstream describes it

  struct Cell {
    std::string column;
    std::optional<std::string> value;  // as it is; in a new row, as it would be. nullopt: NULL
    bool changes = false;
    std::optional<std::string> becomes = {};  // if it changes
    friend bool operator==(const Cell&, const Cell&) = default;
  };
  std::vector<std::vector<Cell>> samples;  // some of the rows
  std::string incomplete;                  // why something above is missing; "" if nothing is
  friend bool operator==(const Preview&, const Preview&) = default;
};

// How much of it is looked for. In order.
enum class PreviewDepth { off, plan, count, rows };

}  // namespace narrowgate
