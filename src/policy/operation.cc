#include "policy/operation.h"

namespace narrowgate {

std::string_view to_string(Danger danger) {
  switch (danger) {
    case Danger::read: return "read";
    case Danger::session: return "session";
    case Danger::write: return "write";
    case Danger::ddl: return "ddl";
    case Danger::admin: return "admin";
    case Danger::unknown: break;
  }
  return "unknown";
}

}  // namespace narrowgate
