// What the parser library would forgive and we do not. Looks at bytes and fields only.
#pragma once

#include "http/message.h"

namespace narrowgate::http {

// `head` ends with the empty line.
Result<Done> check_lines(std::string_view head);
// How the end of the body is found must be said at most once.
Result<Done> check_framing(const Headers& headers, int minor_version);
Result<Done> check_host(const Headers& headers, int minor_version);

}  // namespace narrowgate::http
