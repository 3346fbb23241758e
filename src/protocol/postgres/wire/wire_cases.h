// What the tests of this folder share: bytes written by hand, and readers fed in pieces.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

// "x\0y"_bytes, zeros and all.
inline Bytes operator""_bytes(const char* text, std::size_t size) { return Bytes(text, text + size); }

// A message with an honest length around `body`.
inline Bytes message(char type, const Bytes& body = {}) {
  Bytes out;
  wire::Writer writer(out);
  writer.message(type, [&] { writer.bytes(body); });
  return out;
}

// A header that claims a length.
inline Bytes header(char type, std::uint32_t length) {
  Bytes out;
  wire::Writer writer(out);
  writer.u8(std::uint8_t(type));
  writer.u32(length);
  return out;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// Gives `next` a growing prefix of `stream`, byte by byte, dropping what it takes: what a reader of one-byte segments would see.
// Stops at the first error or when nothing is left.
template <class Next>
void feed_bytewise(ByteView stream, Next&& next) {
  std::size_t begin = 0, end = 0;
  while (end < stream.size()) {
    ++end;
    for (std::size_t used = 1; used != 0 && begin < end;) {
      const auto taken = next(stream.subspan(begin, end - begin));
      if (!taken) return;
      begin += used = *taken;
    }
  }
}

}  // namespace narrowgate::postgres
