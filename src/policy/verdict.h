// Verdict: what the policies say to one operation: permit, hold for people, or deny. And it explains itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "policy/decision.h"

namespace narrowgate::policy {

inline constexpr unsigned quorum_max = 5;  // policies that want more people never permit

struct Verdict {
  enum class Kind : std::uint8_t { permit, hold, deny } kind = Kind::deny;
  DenialCode code = DenialCode::policy_denied;  // of a denial
  std::vector<std::string> policies{};          // ids that determined it; of a hold, those that ask for people
  std::vector<std::string> errors{};            // evaluation errors; any denies
  std::string advice{};                         // @advice of a policy that denied

  // Of a hold.
  unsigned quorum = 0;                             // how many different people must agree
  std::vector<std::string> groups{};               // who may: @approval, or the resource's approvers where a policy names none
  std::string reason{};                            // @approval_reason
  std::optional<std::chrono::milliseconds> ttl{};  // @approval_ttl, the shortest: how long an approval stays good
  bool for_task = false;                           // @approval_scope("once,task") of every policy that asks: may cover repeats

  friend bool operator==(const Verdict&, const Verdict&) = default;
};
std::string_view to_string(Verdict::Kind kind);

// What people agreed to, as the policies see it.
struct ApprovalFacts {
  std::vector<std::string> approvers{};  // names; their number is the quorum
  bool digest_matches = true;            // what was approved is what is about to run
  std::optional<WallTime> expires{};     // nullopt: good now
};

}  // namespace narrowgate::policy
