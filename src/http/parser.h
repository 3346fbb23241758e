// The parser library behind a small face, so that one file compiles it.
//
// It reads heads only, each whole. Its reading of chunks depends on how the bytes are cut, and an empty body that comes byte by
// byte ends the process in an assertion (Boost 1.81); bodies are body.h's.
#pragma once

#include "http/limits.h"
#include "http/message.h"

namespace narrowgate::http {

struct Head {
  std::string method, target;  // of a request
  unsigned status = 0;         // of a response
  int minor_version = 1;
  Headers headers;
};

Result<Head> parse_request_head(std::string_view whole);
Result<Head> parse_response_head(std::string_view whole);

}  // namespace narrowgate::http
