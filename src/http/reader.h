// Bytes → requests, and bytes → responses. No I/O: bytes go in as they come, in any pieces.
//
// Stricter than the library underneath (Boost.Beast): a message that two readers could take for two different ones is malformed
// here. Both a length and chunks, two lengths, folded headers, bare line feeds, blanks before a colon, chunk extensions, a
// transfer coding other than chunked, no Host or several. Trailers are read and dropped.
#pragma once

#include <memory>

#include "base/bytes.h"
#include "http/limits.h"
#include "http/message.h"

namespace narrowgate::http {

enum class Stage { head, body, complete };  // what is being read; complete: take() it

class RequestReader {
 public:
  RequestReader();
  ~RequestReader();
  RequestReader(RequestReader&&) noexcept;

  void append(ByteView bytes);
  // As far as the bytes reach. Code::too_large, malformed or unsupported; after an error the rest of the stream means nothing.
  Result<Stage> advance();
  bool idle() const;  // nothing of the next request is here
  // From Stage::body on:
  const Request& request() const;  // without its body until complete
  void limit_body(std::size_t bytes_max);
  bool wants_continue() const;  // Expect: 100-continue
  bool keep_alive() const;
  // At Stage::complete. What came after it begins the next request.
  Request take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class ResponseReader {
 public:
  // A response to HEAD has no body, whatever it says.
  ResponseReader(std::string_view request_method, std::size_t body_bytes_max);
  ~ResponseReader();

  void append(ByteView bytes);
  Result<Stage> advance();  // Interim responses (1xx) are skipped; a body that ends with the connection is refused.
  Response take();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace narrowgate::http
