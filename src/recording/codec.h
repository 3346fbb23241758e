// Little-endian integers and length-prefixed text into and out of a bounded buffer. Used by every stored format of this folder.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace narrowgate::recording {

static_assert(std::endian::native == std::endian::little, "stored formats are little-endian; add byte swaps for this machine");

// Writes into a buffer that somebody else owns. Too small a buffer is remembered, never overrun.
class Out {
 public:
  explicit Out(std::span<Byte> buffer) : begin_(buffer.data()), at_(buffer.data()), end_(buffer.data() + buffer.size()) {}

  void u8(std::uint8_t v) { put(&v, 1); }
  void u16(std::uint16_t v) { put(&v, 2); }
  void u32(std::uint32_t v) { put(&v, 4); }
  void u64(std::uint64_t v) { put(&v, 8); }
  void i64(std::int64_t v) { put(&v, 8); }
  void raw(ByteView bytes) { put(bytes.data(), bytes.size()); }
  void text8(std::string_view text) {
    if (text.size() > 0xff) fits_ = false;
    u8(std::uint8_t(text.size())), put(text.data(), text.size());
  }
  void text(std::string_view text) { u32(std::uint32_t(text.size())), put(text.data(), text.size()); }

  bool fits() const { return fits_; }
  std::size_t used() const { return std::size_t(at_ - begin_); }

 private:
  void put(const void* from, std::size_t size) {
    if (size > std::size_t(end_ - at_)) fits_ = false;
    if (!fits_ || size == 0) return;
    std::memcpy(at_, from, size);
    at_ += size;
  }
  Byte* begin_;
  Byte* at_;
  Byte* end_;
  bool fits_ = true;
};

// Reads what Out wrote. Reading past the end yields zeros and is remembered.
class In {
 public:
  explicit In(ByteView bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return number<std::int64_t>(); }
  ByteView raw(std::size_t size) {
    if (size > left()) ok_ = false;
    if (!ok_) return {};
    const ByteView out = bytes_.subspan(at_, size);
    at_ += size;
    return out;
  }
  std::string_view text8() { return as_text(raw(u8())); }
  std::string_view text() { return as_text(raw(u32())); }

  void fail() { ok_ = false; }
  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t at() const { return at_; }
  bool finished() const { return ok_ && left() == 0; }

 private:
  template <class T>
  T number() {
    T v{};
    const ByteView from = raw(sizeof v);
    if (ok_) std::memcpy(&v, from.data(), sizeof v);
    return v;
  }
  ByteView bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace narrowgate::recording
