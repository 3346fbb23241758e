// Approval: a person's statement about one exact operation under one task. Input to the decision, not a way around it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "approval/digest.h"
#include "approval/state.h"
#include "base/clock.h"
#include "base/json.h"
#include "policy/preview.h"

namespace narrowgate::approval {

inline constexpr std::size_t statement_shown_max = 1u << 20;   // nobody reads more
inline constexpr std::size_t parameters_bytes_max = 1u << 20;  // of one operation, together: all of it is stored and shown
inline constexpr std::size_t parameters_max = 65'535;          // PostgreSQL's own cap
inline constexpr std::size_t words_bytes_max = 500;            // of a person, to the agent
inline constexpr unsigned quorum_max = 5;                      // more people than that is a meeting
inline constexpr std::uint64_t uses_max = 1'000;               // of one approval for a task

// Everything about a held operation that a person is shown or that is checked later. `operation` holds the exact bytes.
struct OperationFacts {
  BoundOperation operation;
  std::string decision;  // dec_… that held it
  std::string session, task, agent;
  std::string owner, on_behalf_of;  // people who may not approve it
  std::string template_name;
  std::string agent_reason;  // the agent's unverified words
  std::string reason;        // why it is held, from the policy
  unsigned quorum = 1;
  std::vector<std::string> groups;                 // who may decide; none is refused
  std::vector<std::string> policies;               // that determined the hold
  std::vector<std::string> effects;                // "UPDATE public.refunds(state)": what it touches, for people
  std::vector<std::string> declared;               // what the task was declared to need of the same things
  Preview preview;                                 // what it would do
  std::chrono::milliseconds wait{0};               // how long a person may take; 0: limits::hold_default
  std::optional<std::chrono::milliseconds> ttl{};  // how long an approval stays good at most; unset: `wait` again
  bool for_task = false;                           // may one approval cover repeats?
  std::optional<WallTime> not_after;               // the grant's end, which no approval outlives
  friend bool operator==(const OperationFacts&, const OperationFacts&) = default;
};

// A person, as far as deciding goes.
struct Approver {
  std::string name, email;
  std::vector<std::string> groups;
  bool approver = false;  // has the role
  bool phishing_resistant = false;
};

enum class DenyReason : std::uint8_t { wrong_target, too_broad, need_ticket, not_now, use_instead };
std::string_view to_string(DenyReason reason);
Result<DenyReason> deny_reason_from(std::string_view text);

enum class Reach : std::uint8_t { once, for_task };
struct Terms {
  Reach reach = Reach::once;
  std::uint64_t uses = 1;           // for_task: how many times exactly this operation may run
  std::optional<Enforced> ceiling;  // lower than what was asked for; never raises it
  std::optional<WallTime> until;    // never beyond the hold's ttl and the grant's end
  friend bool operator==(const Terms&, const Terms&) = default;
};
struct Approve {
  Terms terms;
  std::string words;
};
struct Deny {
  DenyReason reason = DenyReason::not_now;
  std::string words;  // that the agent can act on
};

struct Vote {
  std::string person;
  bool agreed = true;
  std::string words;
  std::string reason;  // a DenyReason; empty if agreed
  std::string digest;  // what the person was shown
  WallTime at;
  Terms terms;
  bool phishing_resistant = false;
  friend bool operator==(const Vote&, const Vote&) = default;
};

struct Approval {
  std::string id;  // apr_…
  State state = State::pending;
  std::string digest;
  OperationFacts facts;
  std::vector<Vote> votes;
  Enforced ceiling;  // the strictest anybody set: what will be enforced
  std::uint64_t uses_left = 0;
  WallTime created, expires;
  std::optional<WallTime> decided;
  std::string ended_because;  // empty while live
  friend bool operator==(const Approval&, const Approval&) = default;

  unsigned agreed() const;  // different people
  // Exact bytes made fit to be looked at: nothing hides in it, nothing is cut.
  std::string shown_statement() const;
  std::vector<std::string> shown_parameters() const;
};

json::object to_json(const Approval& approval);  // for the API and the CLI: texts as they are, and as shown

// The strictest of both; 0 does not limit.
Enforced meet(const Enforced& a, const Enforced& b);
bool within(const Enforced& inner, const Enforced& outer);

}  // namespace narrowgate::approval
