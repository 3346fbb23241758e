// An index of decisions that a person may come back to: denials (narrowgate.request names one) and holds. Permits are in the
// recording only.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

inline constexpr std::size_t decision_facts_bytes_max = 16 * 1024;  // one row's document; longer is refused

struct DecisionRow {
  std::string id;       // dec_…
  std::string outcome;  // "denied", "held"
  std::string code;     // a DenialCode, or empty
  std::string session, grant, task, agent, resource;
  std::string approval;   // apr_… it led to; empty: none
  std::string asked_why;  // the agent's words, if it asked for more (narrowgate.request)
  std::string facts;      // JSON: need, policies, statement digest; no parameters
  WallTime at;
  friend bool operator==(const DecisionRow&, const DecisionRow&) = default;
};

struct DecisionFilter {
  std::string task, agent, session, outcome;  // empty: any
  bool asked_only = false;                    // only those the agent asked about
  std::size_t limit = 100;
};

class Decisions {
 public:
  virtual ~Decisions() = default;
  virtual Result<Done> add(const DecisionRow& row) = 0;
  virtual Result<std::optional<DecisionRow>> find(std::string_view id) = 0;
  // The agent asks for what was denied. Code::not_found: no such decision of this task; Code::conflict: it asked before.
  virtual Result<Done> ask(std::string_view id, std::string_view task, std::string_view why) = 0;
  virtual Result<std::vector<DecisionRow>> list(const DecisionFilter& filter) = 0;  // newest first
  // Forgets rows from before `before`. How many.
  virtual Result<std::size_t> forget(WallTime before) = 0;
};

}  // namespace narrowgate::store
