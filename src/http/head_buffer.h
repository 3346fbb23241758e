// The bytes of a stream that are not used yet, and the next head among them.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "http/body.h"

namespace narrowgate::http {

class HeadBuffer {
 public:
  void append(ByteView bytes) { bytes_.append(as_text(bytes)); }
  bool empty() const { return bytes_.empty(); }

  // The head, once it is whole: its lines are checked and it is taken out. nullopt: more bytes are needed.
  Result<std::optional<std::string>> take_head();
  // Gives `body` what is its.
  Result<Done> feed(BodyReader& body);

 private:
  std::string bytes_;
  std::size_t searched_ = 0;  // no end of the head before here
};

}  // namespace narrowgate::http
