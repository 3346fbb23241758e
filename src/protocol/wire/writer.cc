#include "protocol/wire/writer.h"

namespace narrowgate::wire {

void Writer::cstring(std::string_view text) {
  NG_CHECK(text.find('\0') == std::string_view::npos);
  this->text(text);
  u8(0);
}

void Writer::close_frame(std::size_t start) {
  const std::size_t length = out_->size() - start;
  NG_CHECK(length <= limits::message_bytes_max);
  for (std::size_t i = 0; i < 4; ++i) (*out_)[start + i] = Byte(length >> (8 * (3 - i)));
}

}  // namespace narrowgate::wire
