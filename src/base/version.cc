#include "base/version.h"

namespace narrowgate {

std::string_view version() { return NG_VERSION; }

}  // namespace narrowgate
