// A complaint about a configuration: the thing, the fault, the remedy, and where to look. All of them are gathered in one run.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace narrowgate::config {

struct Position {
  int line = 0;  // from 1; 0: nowhere in particular
  int column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

struct Complaint {
  std::string file;
  Position at;
  std::string thing;   // "agents[0].owner"; empty: the file itself
  std::string fault;   // "is missing"
  std::string remedy;  // "say who answers for this agent, e.g. olu"
};

// "narrowgate.yaml:12:5: agents[0].owner is missing; say who answers for this agent, e.g. olu"
std::string to_string(const Complaint& complaint);
// One per line, in the order of the file.
std::string to_string(const std::vector<Complaint>& complaints);

// The candidate that `word` is most likely a slip of, or nothing.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);
// "did you mean owner?", or "known are a, b and c" when nothing is close.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace narrowgate::config
