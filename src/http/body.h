// One message's body out of a stream of bytes: by length, or in chunks (RFC 9112 §7.1).
//
// Chunks strictly: a size is hexadecimal digits and nothing else, every line ends with CR LF, a chunk with its own. Trailers must
// look like fields and are dropped, so that none can pass for a header.
#pragma once

#include "http/limits.h"
#include "http/strict.h"

namespace narrowgate::http {

class BodyReader {
 public:
  explicit BodyReader(Extent extent = {});

  void limit(std::size_t bytes_max) { bytes_max_ = bytes_max; }
  // How many of `bytes` were the body's; the rest must come again, with more behind it. Code::too_large at once if the length
  // says so.
  Result<std::size_t> read(std::string_view bytes);
  bool done() const { return state_ == State::done; }
  std::string take() { return std::move(body_); }

 private:
  enum class State { counted, size_line, chunk, chunk_end, trailer, done };

  Result<std::size_t> step(std::string_view bytes);  // 0: needs more
  Result<std::size_t> take_bytes(std::string_view bytes, State next);
  Result<std::size_t> take_size(std::string_view bytes);
  Result<std::size_t> take_chunk_end(std::string_view bytes);
  Result<std::size_t> take_trailer(std::string_view bytes);

  State state_;
  std::uint64_t left_;  // of the body or the chunk
  std::size_t trailer_bytes_ = 0;
  std::size_t bytes_max_ = limits::body_bytes_max;
  std::string body_;
};

}  // namespace narrowgate::http
