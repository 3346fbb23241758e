// Reads a message that is already whole in memory.
//
// A Reader never reads past its bytes. After the first thing that is not there it has failed and gives zeros and empty views,
// so a decoder is a straight line that asks once, at its end:
//
//   wire::Reader in(body);
//   Parse message{.statement = in.cstring(), .text = in.cstring()};
//   return in.finish("Parse", Blame::client, std::move(message));   // also refuses bytes left over
//
// Promises: every view lies inside the bytes given; integers are in network order; counts are not trusted (`holds`).
// Not here: waiting for more bytes. A frame scanner decides when a message is whole.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace narrowgate::wire {

// Network order, from memory that holds enough bytes.
inline std::uint16_t load_u16(const Byte* at) { return std::uint16_t(at[0] << 8 | at[1]); }
inline std::uint32_t load_u32(const Byte* at) {
  return std::uint32_t(at[0]) << 24 | std::uint32_t(at[1]) << 16 | std::uint32_t(at[2]) << 8 | std::uint32_t(at[3]);
}

class Reader {
 public:
  explicit Reader(ByteView bytes) : left_(bytes) {}

  std::uint8_t u8();
  std::uint16_t u16();
  std::uint32_t u32();
  std::int16_t i16() { return std::int16_t(u16()); }
  std::int32_t i32() { return std::int32_t(u32()); }
  // Up to the next zero byte, which is taken and not given.
  std::string_view cstring();
  ByteView bytes(std::size_t count);
  ByteView rest() { return bytes(left_.size()); }

  std::size_t left() const { return left_.size(); }
  bool failed() const { return fault_ != Fault::none; }
  // Can `count` more items of at least `item_bytes` be there? Fails the reader if not: ask before reserving memory.
  bool holds(std::size_t count, std::size_t item_bytes);
  // The message breaks a rule of its own. `why` must outlive the reader (a literal).
  void refuse(std::string_view why);

  // The value if all went well and nothing is left over; else Code::malformed naming the message.
  template <class T>
  Result<T> finish(std::string_view message, Blame blame, T value) const {
    if (!failed() && left_.empty()) return value;
    return fault(message, blame);
  }

 private:
  enum class Fault : std::uint8_t { none, too_short, unterminated, rule };
  Error fault(std::string_view message, Blame blame) const;
  void fail(Fault fault);

  ByteView left_;
  Fault fault_ = Fault::none;
  std::string_view why_;
};

}  // namespace narrowgate::wire
