#include "identity/oidc.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/json.h"
#include "config/config.h"

namespace narrowgate::identity {
namespace {

constexpr std::size_t url_bytes_max = 2048;

Error bad_document(std::string_view what, std::string_view fault) {
  return {Code::malformed, Blame::upstream, fmt::format("{} {}; ask its operator", what, fault)};
}

Result<json::object> parse_document(std::string_view text, std::string_view what) {
  if (text.size() > jwks_bytes_max) return bad_document(what, "is longer than 256 KiB");
  auto value = parse_json(text);
  if (!value.ok()) return bad_document(what, fmt::format("is not JSON: {}", value.error().detail));
  if (!value->is_object()) return bad_document(what, "is not a JSON object");
  return std::move(value->as_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

// A key for signatures: nothing that says otherwise by `use` or `key_ops`.
bool may_verify(const json::object& key) {
  if (const auto use = text_of(key, "use"); !use.empty() && use != "sig") return false;
  const auto* operations = key.if_contains("key_ops");
  if (!operations || !operations->is_array()) return true;
  const auto& list = operations->as_array();
  return std::any_of(list.begin(), list.end(), [](const json::value& v) { return v.is_string() && v.as_string() == "verify"; });
}

bool is_weak_rsa(const json::object& key) {
  constexpr std::size_t modulus_bytes_min = 256,
                        modulus_bytes_max = 1024;  // 2048 bits; the cap bounds the work of a hostile issuer
  const auto modulus = from_base64url(text_of(key, "n"));
  if (!modulus.ok()) return true;
  const auto first = std::find_if(modulus->begin(), modulus->end(), [](Byte b) { return b != 0; });
  const auto bytes = std::size_t(modulus->end() - first);
  return bytes < modulus_bytes_min || bytes > modulus_bytes_max;
}

// Members that a verifier needs. Anything private that an issuer published by mistake goes no further.
std::string public_part(const json::object& key) {
  json::object out;
  for (const auto* name : {"kty", "kid", "alg", "use", "crv", "x", "y", "n", "e"})
    if (const auto* value = key.if_contains(name)) out[name] = *value;
  return json::serialize(out);
}

std::optional<Jwk> read_key(const json::object& key) {
  Jwk jwk{text_of(key, "kid"), text_of(key, "alg"), text_of(key, "kty"), text_of(key, "crv"), public_part(key)};
  const bool known = jwk.kty == "RSA" || jwk.kty == "EC" || jwk.kty == "OKP";
  if (!known || !may_verify(key) || (jwk.kty == "RSA" && is_weak_rsa(key))) return std::nullopt;
  return jwk;
}

// What follows "scheme://" up to the path.
std::string_view authority_of(std::string_view url, std::size_t scheme_bytes) {
  const auto rest = url.substr(scheme_bytes);
  return rest.substr(0, rest.find_first_of("/?"));
}

std::string host_of(std::string_view authority) {
  if (const auto close = authority.find(']'); authority.starts_with("[") && close != std::string_view::npos)
    return std::string(authority.substr(1, close - 1));
  return std::string(authority.substr(0, authority.find(':')));
}

}  // namespace

Result<std::vector<Jwk>> parse_jwks(std::string_view text) {
  NG_TRY(const auto document, parse_document(text, "key set"));
  const auto* keys = document.if_contains("keys");
  if (!keys || !keys->is_array()) return bad_document("key set", "has no list of keys");
  if (keys->as_array().size() > jwks_keys_max) return bad_document("key set", "holds more than 100 keys");
  std::vector<Jwk> out;
  for (const auto& key : keys->as_array())
    if (key.is_object())
      if (auto jwk = read_key(key.as_object())) out.push_back(std::move(*jwk));
  return out;
}

bool fits(const Jwk& key, std::string_view algorithm) {
  if (!key.alg.empty() && key.alg != algorithm) return false;
  if (algorithm == "RS256") return key.kty == "RSA";
  if (algorithm == "ES256") return key.kty == "EC" && key.crv == "P-256";
  if (algorithm == "ES384") return key.kty == "EC" && key.crv == "P-384";
  if (algorithm == "EdDSA") return key.kty == "OKP" && key.crv == "Ed25519";
  return false;
}

Result<Done> check_issuer_url(std::string_view url) {
  const auto refuse = [&](std::string_view why) {
    return Error{Code::refused, Blame::upstream,
                 fmt::format("URL \"{}\" {}; issuers' keys come over https only", visible(url.substr(0, 200)), why)};
  };
  if (url.size() > url_bytes_max || url.find_first_of(" #@\\\"<>") != std::string_view::npos || visible(url) != url)
    return refuse("is not plain");
  if (url.starts_with("https://")) return authority_of(url, 8).empty() ? Result<Done>(refuse("names no host")) : Done{};
  if (!url.starts_with("http://")) return refuse("is not https");
  if (!config::is_loopback(host_of(authority_of(url, 7)))) return refuse("is plain http to another machine");
  return Done{};
}

// ---- IssuerKeys

IssuerKeys::IssuerKeys(std::string issuer_url, std::string jwks_url, Fetch fetch, const Clock& clock)
    : issuer_url_(std::move(issuer_url)), jwks_url_(std::move(jwks_url)), fetch_(std::move(fetch)), clock_(clock) {}

Result<std::string> IssuerKeys::find_jwks_url() const {
  if (!jwks_url_.empty()) return jwks_url_;
  std::string url = issuer_url_;
  if (url.ends_with('/')) url.pop_back();
  url += "/.well-known/openid-configuration";
  NG_TRY_VOID(check_issuer_url(url));
  NG_TRY(const auto text, fetch_(url));
  NG_TRY(const auto document, parse_document(text, "discovery document"));
  if (text_of(document, "issuer") != issuer_url_) return bad_document("discovery document", "names another issuer");
  return text_of(document, "jwks_uri");
}

Result<std::vector<Jwk>> IssuerKeys::fetch_keys() const {
  NG_TRY(const auto url, find_jwks_url());
  NG_TRY_VOID(check_issuer_url(url));
  NG_TRY(const auto text, fetch_(url));
  return parse_jwks(text);
}

// Beyond expiry, an unknown kid or a failing issuer causes at most one fetch per jwks_refetch_every.
bool IssuerKeys::may_fetch(MonoTime now) const { return !tried_at_ || now - *tried_at_ >= jwks_refetch_every; }

bool IssuerKeys::fresh(MonoTime now) const { return good_at_ && now - *good_at_ < jwks_fresh; }
bool IssuerKeys::usable(MonoTime now) const { return good_at_ && now - *good_at_ < jwks_stale_max; }

// One caller fetches without the lock; the others wait for its answer.
void IssuerKeys::refresh(std::unique_lock<std::mutex>& lock) {
  if (fetching_) return fetched_.wait(lock, [&] { return !fetching_; });
  if (!may_fetch(clock_.mono())) return;
  fetching_ = true;
  tried_at_ = clock_.mono();
  lock.unlock();
  auto keys = fetch_keys();
  lock.lock();
  fetching_ = false;
  if (keys.ok()) {
    keys_ = std::move(keys).take();
    good_at_ = clock_.mono();
    failure_.clear();
  } else {
    failure_ = keys.error().detail;
  }
  fetched_.notify_all();
}

Result<std::optional<Jwk>> IssuerKeys::choose(std::string_view kid, std::string_view algorithm) const {
  std::optional<Jwk> chosen;
  for (const auto& key : keys_) {
    if (!fits(key, algorithm) || (!kid.empty() && key.kid != kid)) continue;
    if (chosen)
      return Error{Code::refused, Blame::client,
                   fmt::format("issuer {}: several keys fit the token; it must name one by kid", issuer_url_)};
    chosen = key;
  }
  return chosen;
}

Result<Jwk> IssuerKeys::key(std::string_view kid, std::string_view algorithm) {
  std::unique_lock lock(mutex_);
  const bool wait_for_others = !usable(clock_.mono());
  if (!fresh(clock_.mono()) && (!fetching_ || wait_for_others)) refresh(lock);
  if (!usable(clock_.mono()))
    return Error{Code::unavailable, Blame::upstream,
                 fmt::format("issuer {}: its keys cannot be fetched: {}", issuer_url_,
                             failure_.empty() ? "tried a moment ago" : failure_)};
  NG_TRY(auto found, choose(kid, algorithm));
  if (!found && (fetching_ || may_fetch(clock_.mono()))) {
    refresh(lock);
    NG_TRY(found, choose(kid, algorithm));
  }
  if (!found)
    return Error{Code::refused, Blame::client,
                 fmt::format("issuer {} has no {} key \"{}\"", issuer_url_, algorithm, visible(kid.substr(0, 100)))};
  return std::move(*found);
}

}  // namespace narrowgate::identity
