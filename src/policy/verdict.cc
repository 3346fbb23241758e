#include "policy/verdict.h"

namespace narrowgate::policy {

std::string_view to_string(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::permit: return "permit";
    case Verdict::Kind::hold: return "hold";
    case Verdict::Kind::deny: break;
  }
  return "deny";
}

}  // namespace narrowgate::policy
