#include "base/error.h"

#include <fmt/format.h>

namespace narrowgate {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::truncated: return "truncated";
    case Code::malformed: return "malformed";
    case Code::too_large: return "too large";
    case Code::unsupported: return "unsupported";
    case Code::refused: return "refused";
    case Code::not_found: return "not found";
    case Code::conflict: return "conflict";
    case Code::timed_out: return "timed out";
    case Code::closed: return "closed";
    case Code::unavailable: return "unavailable";
    case Code::bug: return "bug";
  }
  return "unknown";
}

std::string_view to_string(Blame blame) {
  switch (blame) {
    case Blame::client: return "client";
    case Blame::upstream: return "upstream";
    case Blame::gateway: return "gateway";
  }
  return "unknown";
}

std::string to_string(const Error& error) {
  return fmt::format("{} ({}): {}", to_string(error.code), to_string(error.blame), error.detail);
}

}  // namespace narrowgate
