// One message after another out of a stream of bytes: the part that requests and responses share.
#pragma once

#include "http/parser.h"

namespace narrowgate::http {

class Framing {
 public:
  void append(ByteView bytes) { bytes_.append(as_text(bytes)); }
  bool empty() const { return bytes_.empty(); }

  // The head, once it is whole: its lines are checked and it is taken out. nullopt: more bytes are needed.
  Result<std::optional<std::string>> take_head();
  // Feeds the parser until it is done or wants more.
  Result<Stage> read_body(Parser& parser);

 private:
  std::string bytes_;         // not used yet
  std::size_t searched_ = 0;  // no end of the head before here
};

}  // namespace narrowgate::http
