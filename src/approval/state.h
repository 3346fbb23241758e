// What may become of an approval (security-model §5.2): one pure function of state, event and guards. The store's
// compare-and-swap makes each step happen once, and whole or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace narrowgate::approval {

enum class State : std::uint8_t {
  pending,
  approved,  // live
  consumed,
  denied,
  expired,
  withdrawn,
  revoked,
  mismatch,  // final
};
enum class Event : std::uint8_t {
  vote,        // one more person agrees, quorum not reached
  quorum,      // … and reached
  deny,        // one is enough
  claim_last,  // an execution takes the last use
  claim_more,  // … and there are uses left
  differ,      // an execution came that is not what was approved
  expire,
  withdraw,
  revoke,
};

// nullopt: this cannot happen in that state.
std::optional<State> next(State from, Event event);
bool is_final(State state);
std::string_view to_string(State state);
std::string_view to_string(Event event);
Result<State> state_from(std::string_view text);

}  // namespace narrowgate::approval
