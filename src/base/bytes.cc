#include "base/bytes.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace narrowgate {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encode64(ByteView bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t word =
        std::uint32_t(bytes[i]) << 16 | (left > 1 ? std::uint32_t(bytes[i + 1]) << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      if (k <= left) out += alphabet[word >> (18 - 6 * k) & 63];
      else if (padded) out += '=';
    }
  }
  return out;
}

Result<Bytes> decode64(std::string_view text, std::string_view alphabet) {
  const Error bad{Code::malformed, Blame::client, "not base64"};
  if (text.size() % 4 == 1) return bad;
  Bytes out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    const auto at = alphabet.find(c);
    if (at == std::string_view::npos) return bad;
    word = word << 6 | std::uint32_t(at);
    if ((bits += 6) >= 8) out.push_back(Byte(word >> (bits -= 8)));
  }
  if (word & ((1u << bits) - 1)) return bad;
  return out;
}

// The length of the well-formed UTF-8 sequence at `at` (no overlong form, surrogate or value over 10FFFF); 0 if there is none.
std::size_t sequence_at(std::string_view text, std::size_t at, std::uint32_t& point) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? Byte(text[at + i]) : Byte{0}; };
  const Byte lead = byte(0);
  if (lead < 0x80) return point = lead, 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  point = lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3F);
  }
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  return point < smallest[length] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000) ? 0 : length;
}

bool shown_as_is(std::uint32_t point) {
  if (point == '\n' || point == '\t') return true;
  if (point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x061C || point == 0xFEFF) return false;
  if ((point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F))
    return false;
  return !(point >= 0xE0000 && point <= 0xE0FFF) && !(point >= 0xFFF9 && point <= 0xFFFB);
}

}  // namespace

std::string to_hex(ByteView bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const Byte byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Result<Bytes> from_hex(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = i + 1 < text.size() ? digit(text[i + 1]) : -1;
    if (high < 0 || low < 0) return Error{Code::malformed, Blame::client, "not hexadecimal"};
    out.push_back(Byte(high << 4 | low));
  }
  return out;
}

std::string to_base64(ByteView bytes) { return encode64(bytes, kStandard, true); }
std::string to_base64url(ByteView bytes) { return encode64(bytes, kUrl, false); }

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return Error{Code::malformed, Blame::client, "not base64"};
  if (text.ends_with("==")) text.remove_suffix(2);
  else if (text.ends_with("=")) text.remove_suffix(1);
  return decode64(text, kStandard);
}

Result<Bytes> from_base64url(std::string_view text) { return decode64(text, kUrl); }

bool is_utf8(std::string_view text) {
  std::uint32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at, point);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::uint32_t point = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_at(text, at, point);
    if (length == 0) fmt::format_to(std::back_inserter(out), "\\x{{{:02x}}}", Byte(text[at]));
    else if (shown_as_is(point)) out.append(text.substr(at, length));
    else fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", point);
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

}  // namespace narrowgate
