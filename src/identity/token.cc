#include "identity/token.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/crypto.h"

namespace narrowgate::identity {
namespace {

constexpr std::size_t subject_bytes_max = 1000;
constexpr std::size_t jti_bytes_max = 500;
constexpr std::size_t audiences_max = 20;

Error refuse(const config::Issuer& issuer, std::string_view why) {
  return {Code::refused, Blame::client, fmt::format("token of issuer {}: {}", issuer.name, why)};
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "application/at+jwt" and "AT+JWT" are both "at+jwt" (RFC 7515 §4.1.9).
std::string media_type(std::string_view typ) {
  std::string lower(typ);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
  constexpr std::string_view prefix = "application/";
  return lower.starts_with(prefix) ? lower.substr(prefix.size()) : lower;
}

Result<Done> check_type(const config::Issuer& issuer, std::string_view typ) {
  if (typ.empty()) return Done{};
  const auto wanted = media_type(typ);
  for (const auto& accepted : issuer.types)
    if (media_type(accepted) == wanted) return Done{};
  return refuse(issuer, fmt::format("typ \"{}\" is not accepted; see the issuer's types", visible(typ)));
}

// RFC 7519 NumericDate: a JSON number, whole or not, of a size that arithmetic survives.
std::optional<std::int64_t> numeric_date(const json::object& claims, std::string_view name) {
  constexpr std::int64_t far_future = 1'000'000'000'000;
  const auto* value = claims.if_contains(name);
  if (!value) return std::nullopt;
  std::optional<std::int64_t> seconds;
  if (value->is_int64()) seconds = value->as_int64();
  if (value->is_double() && std::abs(value->as_double()) < double(far_future))
    seconds = std::int64_t(std::floor(value->as_double()));
  return seconds && *seconds >= 0 && *seconds < far_future ? seconds : std::nullopt;
}

Result<Done> check_times(const config::Issuer& issuer, const json::object& claims, VerifiedToken& token, WallTime now) {
  const auto exp = numeric_date(claims, "exp");
  const auto iat = numeric_date(claims, "iat");
  if (!exp || !iat) return refuse(issuer, "exp and iat must both be dates");
  if (claims.contains("nbf") && !numeric_date(claims, "nbf")) return refuse(issuer, "nbf is not a date");
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(issuer.max_lifetime).count();
  const auto at = unix_seconds(now), leeway = std::int64_t(token_leeway.count());
  if (*exp <= *iat) return refuse(issuer, "it expires before it was issued");
  if (*exp - *iat > lifetime)
    return refuse(issuer, fmt::format("it lives {} s, and max_lifetime is {} s", *exp - *iat, lifetime));
  if (*exp + leeway <= at) return refuse(issuer, fmt::format("it expired {} s ago", at - *exp));
  if (*iat - leeway > at) return refuse(issuer, fmt::format("it was issued {} s in the future; compare the clocks", *iat - at));
  if (numeric_date(claims, "nbf").value_or(0) - leeway > at)
    return refuse(issuer, "it is not valid yet (nbf); compare the clocks");
  token.exp = *exp;
  token.iat = *iat;
  return Done{};
}

Result<std::vector<std::string>> audiences_of(const config::Issuer& issuer, const json::object& claims) {
  const auto* aud = claims.if_contains("aud");
  if (aud && aud->is_string()) return std::vector<std::string>{std::string(aud->as_string())};
  if (!aud || !aud->is_array() || aud->as_array().size() > audiences_max)
    return refuse(issuer, "aud is neither a text nor a short list");
  std::vector<std::string> out;
  for (const auto& one : aud->as_array()) {
    if (!one.is_string()) return refuse(issuer, "aud holds something that is not text");
    out.emplace_back(one.as_string());
  }
  return out;
}

// A token that also names somebody else could be replayed by them.
Result<Done> check_audience(const config::Issuer& issuer, const json::object& claims) {
  NG_TRY(const auto audiences, audiences_of(issuer, claims));
  if (!contains(audiences, issuer.audience)) return refuse(issuer, fmt::format("aud is not {}", issuer.audience));
  for (const auto& one : audiences)
    if (one != issuer.audience && !contains(issuer.other_audiences, one))
      return refuse(issuer, fmt::format("aud also names \"{}\", which other_audiences does not", visible(one.substr(0, 100))));
  return Done{};
}

Result<Done> check_required_claims(const config::Issuer& issuer, const json::object& claims) {
  for (const auto& [path, wanted] : issuer.claims)
    if (claim_text(claims, path) != wanted) return refuse(issuer, fmt::format("claim {} is not the one that is required", path));
  return Done{};
}

// GitHub: a pull request from anybody's fork can run with a token of the repository it is sent to.
Result<Done> check_event(const config::Issuer& issuer, const json::object& claims) {
  if (issuer.pull_requests == config::PullRequests::allow) return Done{};
  const auto event = claim_text(claims, "event_name");
  if (event && event->starts_with("pull_request"))
    return refuse(issuer, fmt::format("event_name is {}", visible(event->substr(0, 100))));
  return Done{};
}

Result<std::string> short_text(const config::Issuer& issuer, const json::object& claims, std::string_view name,
                               std::size_t bytes_max) {
  const auto* value = claims.if_contains(name);
  if (!value) return std::string();
  if (!value->is_string() || value->as_string().size() > bytes_max)
    return refuse(issuer, fmt::format("{} is not a short text", name));
  return std::string(value->as_string());
}

}  // namespace

// ---- ReplayCache

void ReplayCache::forget(WallTime now) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    seen_.erase(by_expiry_.begin()->second);
    by_expiry_.erase(by_expiry_.begin());
  }
}

Result<bool> ReplayCache::first_use(const std::string& issuer, const std::string& jti, WallTime expires, WallTime now) {
  const std::lock_guard lock(mutex_);
  forget(now);
  auto key = to_hex(sha256(fmt::format("{}\n{}", issuer, jti)));
  if (seen_.contains(key)) return false;
  // Fails closed: what we cannot remember we do not accept.
  if (seen_.size() >= replays_remembered_max)
    return Error{Code::unavailable, Blame::gateway, "too many single-use tokens are live; wait until some expire"};
  by_expiry_.emplace(expires, key);
  seen_.insert(std::move(key));
  return true;
}

// ---- rules

Result<VerifiedToken> check_claims(const config::Issuer& issuer, const Jwt& jwt, WallTime now) {
  VerifiedToken token;
  token.issuer = &issuer;
  if (!contains(issuer.algorithms, jwt.alg))
    return refuse(issuer, fmt::format("algorithm {} is not among its algorithms", jwt.alg));
  NG_TRY_VOID(check_type(issuer, jwt.typ));
  if (claim_text(jwt.claims, "iss") != issuer.url) return refuse(issuer, "iss is not its URL");
  NG_TRY_VOID(check_audience(issuer, jwt.claims));
  NG_TRY_VOID(check_times(issuer, jwt.claims, token, now));
  NG_TRY(token.subject, short_text(issuer, jwt.claims, "sub", subject_bytes_max));
  if (token.subject.empty()) return refuse(issuer, "sub is missing");
  NG_TRY(token.jti, short_text(issuer, jwt.claims, "jti", jti_bytes_max));
  if (token.jti.empty() && issuer.tokens == config::TokenUse::once)
    return refuse(issuer, "jti is missing, and its tokens are for single use");
  NG_TRY_VOID(check_required_claims(issuer, jwt.claims));
  NG_TRY_VOID(check_event(issuer, jwt.claims));
  token.claims = jwt.claims;
  return token;
}

// ---- TokenVerifier

TokenVerifier::TokenVerifier(const config::Config& config, Fetch fetch, const Clock& clock) : config_(config), clock_(clock) {
  for (const auto& issuer : config.issuers)
    keys_.emplace(issuer.url, std::make_unique<IssuerKeys>(issuer.url, issuer.jwks_url, fetch, clock));
}

// The cheap rules come first, so that a token that can never pass causes no fetch.
Result<VerifiedToken> TokenVerifier::verify(std::string_view text) {
  NG_TRY(const auto jwt, unpack_jwt(text));
  const auto iss = claim_text(jwt.claims, "iss").value_or("");
  const auto issuer =
      std::find_if(config_.issuers.begin(), config_.issuers.end(), [&](const auto& one) { return one.url == iss; });
  if (issuer == config_.issuers.end())
    return Error{Code::refused, Blame::client,
                 fmt::format("token: issuer \"{}\" is not configured; add it to issuers", visible(iss.substr(0, 200)))};
  NG_TRY(auto token, check_claims(*issuer, jwt, clock_.wall()));
  NG_TRY(const auto key, keys_.at(issuer->url)->key(jwt.kid, jwt.alg));
  NG_TRY_VOID(verify_signature(text, jwt.alg, key));
  if (issuer->tokens == config::TokenUse::many) return token;
  NG_TRY(const bool first,
         replays_.first_use(issuer->url, token.jti, WallTime(std::chrono::seconds(token.exp) + token_leeway), clock_.wall()));
  if (!first) return refuse(*issuer, "it was used before, and its tokens are for single use");
  return token;
}

}  // namespace narrowgate::identity
