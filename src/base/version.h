// Which narrowgate this is.
#pragma once

#include <string_view>

namespace narrowgate {

std::string_view version();  // "0.1.0", from the project's CMakeLists.txt

}  // namespace narrowgate
