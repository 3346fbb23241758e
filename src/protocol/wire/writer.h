// Appends integers, C strings and length-prefixed frames to a buffer, in network order.
//
// A Writer is a borrowed buffer, cheap to pass by value; `write(buffer, message)` works with a plain Bytes. It cannot fail: text
// with a zero byte inside, or a frame over limits::message_bytes_max, would be a bug of ours (what comes from outside was
// bounded by its decoder), and ends the process rather than put an ambiguous frame on the wire.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/limits.h"

namespace narrowgate::wire {

class Writer {
 public:
  Writer(Bytes& out) : out_(&out) {}  // NOLINT: implicit on purpose

  void u8(std::uint8_t value) { out_->push_back(value); }
  void u16(std::uint16_t value) { put<2>(value); }
  void u32(std::uint32_t value) { put<4>(value); }
  void i16(std::int16_t value) { u16(std::uint16_t(value)); }
  void i32(std::int32_t value) { u32(std::uint32_t(value)); }
  void bytes(ByteView bytes) { out_->insert(out_->end(), bytes.begin(), bytes.end()); }
  void text(std::string_view text) { bytes(as_bytes(text)); }
  void cstring(std::string_view text);

  // What `body` writes, behind a 32-bit length that counts itself.
  template <class Body>
  void framed(Body&& body) {
    const std::size_t start = out_->size();
    u32(0);
    std::forward<Body>(body)();
    close_frame(start);
  }
  // The same behind one byte that names the kind of message.
  template <class Body>
  void message(char type, Body&& body) {
    u8(std::uint8_t(type));
    framed(std::forward<Body>(body));
  }
  void message(char type) {
    message(type, [] {});
  }

 private:
  template <int count>
  void put(std::uint32_t value) {
    Byte raw[count];
    for (int i = 0; i < count; ++i) raw[i] = Byte(value >> (8 * (count - 1 - i)));
    out_->insert(out_->end(), raw, raw + count);
  }
  void close_frame(std::size_t start);

  Bytes* out_;
};

}  // namespace narrowgate::wire
