#include "protocol/wire/reader.h"

#include <fmt/format.h>

#include <cstring>

namespace narrowgate::wire {

void Reader::fail(Fault fault) {
  if (fault_ == Fault::none) fault_ = fault;
  left_ = {};
}

void Reader::refuse(std::string_view why) {
  if (fault_ == Fault::none) why_ = why;
  fail(Fault::rule);
}

ByteView Reader::bytes(std::size_t count) {
  if (count > left_.size()) return fail(Fault::too_short), ByteView{};
  const ByteView taken = left_.first(count);
  left_ = left_.subspan(count);
  return taken;
}

std::uint8_t Reader::u8() {
  const ByteView at = bytes(1);
  return at.empty() ? 0 : at[0];
}

std::uint16_t Reader::u16() {
  const ByteView at = bytes(2);
  return at.empty() ? 0 : load_u16(at.data());
}

std::uint32_t Reader::u32() {
  const ByteView at = bytes(4);
  return at.empty() ? 0 : load_u32(at.data());
}

std::string_view Reader::cstring() {
  if (failed()) return {};
  const void* zero = left_.empty() ? nullptr : std::memchr(left_.data(), 0, left_.size());
  if (zero == nullptr) return fail(Fault::unterminated), std::string_view{};
  const ByteView taken = bytes(std::size_t(static_cast<const Byte*>(zero) - left_.data()));
  left_ = left_.subspan(1);
  return as_text(taken);
}

bool Reader::holds(std::size_t count, std::size_t item_bytes) {
  if (failed()) return false;
  if (count <= left_.size() / item_bytes) return true;
  fail(Fault::too_short);
  return false;
}

Error Reader::fault(std::string_view message, Blame blame) const {
  const std::string_view what = fault_ == Fault::rule           ? why_
                                : fault_ == Fault::too_short    ? "ends too early"
                                : fault_ == Fault::unterminated ? "holds a string without its closing zero"
                                                                : "has bytes after its end";
  return {Code::malformed, blame, fmt::format("{} message {}", message, what)};
}

}  // namespace narrowgate::wire
