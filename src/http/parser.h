// The parser library behind a small face, so that one file compiles it.
#pragma once

#include <memory>

#include "http/reader.h"

namespace narrowgate::http {

// What is known of a message; the parser writes here.
struct Parsed {
  std::string method, target;  // of a request
  unsigned status = 0;         // of a response
  int version = 0;             // 10, 11
  Headers headers;
  std::string body;
  std::size_t body_bytes_max = limits::body_bytes_max;
};

class Parser {
 public:
  static std::unique_ptr<Parser> for_request(Parsed& into);
  static std::unique_ptr<Parser> for_response(Parsed& into, bool without_body);
  virtual ~Parser() = default;
  virtual Result<Done> head(std::string_view whole) = 0;         // the whole head at once
  virtual Result<std::size_t> body(std::string_view bytes) = 0;  // how many were used; 0: more are needed
  virtual bool done() const = 0;
  virtual bool ends_with_connection() const = 0;
};

}  // namespace narrowgate::http
