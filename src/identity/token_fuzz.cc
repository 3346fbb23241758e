// Any bytes as a token, a key set, a key of ours: refused or taken apart, never a crash.
#include "base/check.h"
#include "identity/claims.h"
#include "identity/key.h"
#include "identity/password.h"
#include "identity/token.h"

namespace {

using namespace narrowgate;
using namespace narrowgate::identity;

const config::Issuer& issuer() {
  static const config::Issuer made = [] {
    config::Issuer out;
    out.name = "idp";
    out.url = "https://idp.example";
    out.audience = "us";
    out.claims = {{"/a~1b/c", "1"}};
    return out;
  }();
  return made;
}

// The fuzzer's bytes as the two halves of a token, so that it need not learn base64 first.
void as_token(std::string_view text) {
  const auto cut = text.find('\n');
  const auto header = text.substr(0, cut), claims = cut == std::string_view::npos ? "{}" : text.substr(cut + 1);
  const auto token = to_base64url(as_bytes(header)) + "." + to_base64url(as_bytes(claims)) + ".AAAA";
  const auto jwt = unpack_jwt(token);
  if (!jwt.ok()) return;
  NG_CHECK(jwt->alg == "RS256" || jwt->alg == "ES256" || jwt->alg == "ES384" || jwt->alg == "EdDSA");
  const auto verified = check_claims(issuer(), *jwt, WallTime(std::chrono::seconds(1000)));
  if (!verified.ok()) return;
  NG_CHECK(!verified->subject.empty() && verified->exp > verified->iat);
  const auto kind = kind_of(*verified);
  (void)instance_of(kind, verified->claims);
  (void)telling_claims(kind, verified->claims);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  as_token(text);
  (void)unpack_jwt(text);
  (void)parse_jwks(text);
  (void)check_issuer_url(text);
  (void)key_id_of(text);
  if (const auto colon = text.find(':'); colon != std::string_view::npos)
    if (const auto value = parse_json(text.substr(colon + 1)); value.ok() && value->is_object())
      (void)claim_text(value->as_object(), text.substr(0, colon));
  return 0;
}
