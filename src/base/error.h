// What went wrong, in a vocabulary small enough to act on.
//
// Errors are values. A Denial (policy/decision.h) is not an error but an answer; a bug is NG_CHECK's business.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace narrowgate {

// What the caller can do about it.
enum class Code : std::uint8_t {
  truncated,    // ends too early: read more, or give up if there is no more
  malformed,    // can never become valid
  too_large,    // over a named limit (base/limits.h)
  unsupported,  // valid, and we do not do it
  refused,      // the other side, or a rule of ours, said no
  not_found,    // no such thing
  conflict,     // somebody else was first; read again
  timed_out,    // a deadline passed
  closed,       // the other side went away
  unavailable,  // may work later
  bug,          // ours
};

enum class Blame : std::uint8_t { client, upstream, gateway };

struct Error {
  Code code;
  Blame blame;
  std::string detail;  // For operators: thing, fault, remedy. Never sent to a client as it is.
};

std::string_view to_string(Code code);
std::string_view to_string(Blame blame);
// "refused (upstream): password authentication failed"
std::string to_string(const Error& error);

}  // namespace narrowgate
