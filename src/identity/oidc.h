// The signing keys of one OpenID Connect issuer: discovery document, JWKS, cache.
//
//   have it, fresh ───────────────▶ answer
//   unknown kid ── 30 s since the last fetch? ──▶ one caller fetches, the others wait for it
//   older than 10 min ── fetch; if that fails and it is not older than an hour: answer with what we have
//
// Promises: https only (plain http to loopback); the discovery document must name the issuer we asked; no URL ever comes from a
// token; the document sizes and key counts are bounded; one fetch at a time per issuer, at most one per 30 s beyond expiry.
// Blocking when it fetches: call it on a background pool.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::identity {

using Fetch = std::function<Result<std::string>(const std::string& url)>;  // GET; blocking, bounded, no redirects

inline constexpr std::chrono::minutes jwks_fresh{10};
inline constexpr std::chrono::seconds jwks_refetch_every{30};
inline constexpr std::chrono::minutes jwks_stale_max{60};  // an issuer that is down this long has no keys
inline constexpr std::size_t jwks_bytes_max = 256 * 1024;
inline constexpr std::size_t jwks_keys_max = 100;

struct Jwk {
  std::string kid, alg, kty, crv;  // empty: not said
  std::string text;                // the key as JSON
};
// Signature keys only; symmetric ones and unknown types are left out.
Result<std::vector<Jwk>> parse_jwks(std::string_view text);
// May this key be used with this algorithm?
bool fits(const Jwk& key, std::string_view algorithm);
// https, or http to a loopback host; no user, no fragment.
Result<Done> check_issuer_url(std::string_view url);

class IssuerKeys {
 public:
  // `jwks_url` empty: found through the discovery document. `clock` outlives it.
  IssuerKeys(std::string issuer_url, std::string jwks_url, Fetch fetch, const Clock& clock);

  // The one key a token signed by `algorithm` and naming `kid` (empty: naming none) can be meant for.
  Result<Jwk> key(std::string_view kid, std::string_view algorithm);

 private:
  Result<std::string> find_jwks_url() const;
  Result<std::vector<Jwk>> fetch_keys() const;
  void refresh(std::unique_lock<std::mutex>& lock);
  Result<std::optional<Jwk>> choose(std::string_view kid, std::string_view algorithm) const;
  bool may_fetch(MonoTime now) const;
  bool fresh(MonoTime now) const;
  bool usable(MonoTime now) const;

  const std::string issuer_url_, jwks_url_;
  const Fetch fetch_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable fetched_;
  bool fetching_ = false;
  std::vector<Jwk> keys_;
  std::optional<MonoTime> good_at_, tried_at_;  // last success, last attempt
  std::string failure_;
};

}  // namespace narrowgate::identity
