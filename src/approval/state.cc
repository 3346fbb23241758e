#include "approval/state.h"

#include <fmt/format.h>

#include <array>

namespace narrowgate::approval {
namespace {

struct Transition {
  State from;
  Event event;
  State to;
};
constexpr std::array kTable{
    Transition{State::pending, Event::vote, State::pending},
    Transition{State::pending, Event::quorum, State::approved},
    Transition{State::pending, Event::deny, State::denied},
    Transition{State::pending, Event::expire, State::expired},
    Transition{State::pending, Event::withdraw, State::withdrawn},
    Transition{State::pending, Event::revoke, State::revoked},
    Transition{State::approved, Event::claim_last, State::consumed},
    Transition{State::approved, Event::claim_more, State::approved},
    Transition{State::approved, Event::differ, State::mismatch},
    Transition{State::approved, Event::expire, State::expired},
    Transition{State::approved, Event::withdraw, State::revoked},
    Transition{State::approved, Event::revoke, State::revoked},
};

}  // namespace

std::optional<State> next(State from, Event event) {
  for (const auto& row : kTable)
    if (row.from == from && row.event == event) return row.to;
  return std::nullopt;
}

bool is_final(State state) { return state > State::approved; }

std::string_view to_string(State state) {
  switch (state) {
    case State::pending: return "pending";
    case State::approved: return "approved";
    case State::consumed: return "consumed";
    case State::denied: return "denied";
    case State::expired: return "expired";
    case State::withdrawn: return "withdrawn";
    case State::revoked: return "revoked";
    case State::mismatch: return "mismatch";
  }
  return "unknown";
}

std::string_view to_string(Event event) {
  switch (event) {
    case Event::vote: return "vote";
    case Event::quorum: return "quorum";
    case Event::deny: return "deny";
    case Event::claim_last: return "claim_last";
    case Event::claim_more: return "claim_more";
    case Event::differ: return "differ";
    case Event::expire: return "expire";
    case Event::withdraw: return "withdraw";
    case Event::revoke: return "revoke";
  }
  return "unknown";
}

Result<State> state_from(std::string_view text) {
  for (int i = 0; i <= int(State::mismatch); ++i)
    if (to_string(State(i)) == text) return State(i);
  return Error{
      Code::malformed, Blame::client,
      fmt::format("\"{}\" is not a state of an approval; there are pending, approved, consumed, denied, expired, withdrawn, "
                  "revoked and mismatch",
                  text)};
}

}  // namespace narrowgate::approval
