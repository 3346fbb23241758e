// Separation of duties: who may not decide, whatever policy says.
#pragma once

#include "approval/approval.h"

namespace narrowgate::approval {

// Refused: not an approver, not in a group that is asked, the agent's owner, or the one it works for.
Result<Done> check_duties(const Approver& person, const Approval& approval);

// The terms of a vote against its bounds.
Result<Done> check_terms(const Terms& terms, const OperationFacts& facts, WallTime now);

// Can this be put before a person at all? Everything is stored and shown whole or not at all.
struct Unfit {
  enum class Why : std::uint8_t { too_large, nobody_may } why;
  std::string detail;
};
std::optional<Unfit> unfit(const OperationFacts& facts);

}  // namespace narrowgate::approval
