// What the parser library would forgive and we do not. Looks at bytes and fields only.
#pragma once

#include "http/message.h"

namespace narrowgate::http {

// `head` without its last line break. No folded lines, no bare line breaks, no control characters.
Result<Done> check_lines(std::string_view head);
Result<Done> check_host(const Headers& headers, int minor_version);

// How the end of the body is found.
struct Extent {
  enum class Kind { unsaid, length, chunks } kind = Kind::unsaid;
  std::uint64_t length = 0;
};
// It must be said at most once.
Result<Extent> extent_of(const Headers& headers, int minor_version);

bool is_token(std::string_view text);       // RFC 9110 §5.6.2
bool is_field_text(std::string_view text);  // no control characters but tabs

}  // namespace narrowgate::http
