#include <fmt/format.h>
#include <narrowgate_ffi.h>

#include "identity/jwt.h"

namespace narrowgate::identity {
namespace {

ng_str borrow(std::string_view text) { return {text.data(), text.size()}; }

// Text that the other side made and takes back.
struct Why {
  ng_text text{nullptr, 0};
  Why() = default;
  Why(const Why&) = delete;
  ~Why() { ng_text_free(&text); }
  std::string_view view() const { return text.data ? std::string_view(text.data, text.size) : std::string_view(); }
};

// Whose fault a verdict is. Anything unforeseen counts as a refusal: fails closed.
Error error_of(std::int32_t verdict, std::string_view why, const Jwk& key) {
  switch (verdict) {
    case NG_JWT_KEY_UNUSABLE:
      return {Code::unsupported, Blame::upstream,
              fmt::format("the issuer's key \"{}\" cannot be used: {}", visible(key.kid), why)};
    case NG_JWT_FAILED: return {Code::bug, Blame::gateway, fmt::format("the token's signature could not be checked: {}", why)};
    default: return {Code::refused, Blame::client, fmt::format("token: signature: {}", visible(why))};
  }
}

}  // namespace

Result<Done> verify_signature(std::string_view token, std::string_view algorithm, const Jwk& key) {
  if (!fits(key, algorithm))
    return Error{Code::refused, Blame::client, fmt::format("token: signature: the key is not for {}", visible(algorithm))};
  Why why;
  const auto verdict = ng_jwt_verify(borrow(token), borrow(algorithm), borrow(key.text), &why.text);
  if (verdict != NG_JWT_GOOD) return error_of(verdict, why.view(), key);
  return Done{};
}

}  // namespace narrowgate::identity
