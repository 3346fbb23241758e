#include "masking/mask.h"

#include <algorithm>

namespace narrowgate::masking {
namespace {

constexpr std::string_view kFixed = "[masked]", kStars = "****", kToken = "tok_";
constexpr std::size_t kKept = 4;        // characters that `partial` shows,
constexpr std::size_t kLongEnough = 8;  // of values that have at least so many
constexpr std::size_t kTokenBody = 24;  // 120 bits: no two of a billion values meet
constexpr std::size_t kTokenCheck = 4;  // 20 bits, so that what only looks like a token is not taken for one

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";  // RFC 4648 base32, in small letters

std::string base32(ByteView bytes, std::size_t characters) {
  std::string out;
  unsigned held = 0, bits = 0;
  for (const Byte byte : bytes) {
    held = held << 8 | byte;
    for (bits += 8; bits >= 5 && out.size() < characters; bits -= 5) out += kLetters[held >> (bits - 5) & 31];
    held &= (1u << bits) - 1;
  }
  return out;
}

bool plain(char c) { return c >= ' ' && c <= '~'; }

std::string partial(std::string_view value) {
  std::string out(kStars);
  const std::string_view end = value.substr(value.size() - std::min(value.size(), kKept));
  // Of characters that take several bytes there may be fewer than it seems.
  const bool shown = value.size() >= kLongEnough && std::all_of(value.begin(), value.end(), plain);
  if (shown) out += end;
  return out;
}

Bytes joined(std::string_view a, std::string_view b) {
  Bytes out;
  for (const char c : a) out.push_back(Byte(c));
  out.push_back(0);
  for (const char c : b) out.push_back(Byte(c));
  return out;
}

}  // namespace

std::string Masks::token(std::string_view label, std::string_view value) const {
  const Digest digest = hmac_sha256(key_.expose(), joined(label, value));
  const std::string body = base32(digest, kTokenBody);
  return std::string(kToken) + body + check_of(body);
}

std::string Masks::check_of(std::string_view body) const {
  return base32(hmac_sha256(key_.expose(), joined("is a token", body)), kTokenCheck);
}

std::optional<std::string> Masks::mask(Kind kind, std::string_view label, std::string_view value) const {
  switch (kind) {
    case Kind::null: break;
    case Kind::fixed: return std::string(kFixed);
    case Kind::partial: return partial(value);
    case Kind::token: return token(label, value);
  }
  return std::nullopt;
}

bool Masks::is_mask(std::string_view value) const {
  if (value == kFixed || (value.starts_with(kStars) && value.size() <= kStars.size() + kKept)) return true;
  if (!value.starts_with(kToken) || value.size() != kToken.size() + kTokenBody + kTokenCheck) return false;
  return check_of(value.substr(kToken.size(), kTokenBody)) == value.substr(kToken.size() + kTokenBody);
}

}  // namespace narrowgate::masking
