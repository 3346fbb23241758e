// The rules a token of a configured issuer must meet (security-model §1.1), and the record of tokens already seen.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_set>

#include "base/clock.h"
#include "config/config.h"
#include "identity/jwt.h"
#include "identity/oidc.h"

namespace narrowgate::identity {

inline constexpr std::chrono::seconds token_leeway{30};         // clocks differ
inline constexpr std::size_t replays_remembered_max = 100'000;  // beyond, single-use tokens are refused: fails closed

// jti of single-use tokens until they expire. From any thread.
class ReplayCache {
 public:
  // False: seen before. Code::unavailable: no room to remember it.
  Result<bool> first_use(const std::string& issuer, const std::string& jti, WallTime expires, WallTime now);

 private:
  void forget(WallTime now);
  std::mutex mutex_;
  std::unordered_set<std::string> seen_;
  std::multimap<WallTime, std::string> by_expiry_;
};

struct VerifiedToken {
  const config::Issuer* issuer = nullptr;  // borrowed from the Config the verifier was made with
  std::string subject, jti;
  std::int64_t iat = 0, exp = 0;
  json::object claims;
};

// What a token's claims must be, apart from its signature. Pure.
Result<VerifiedToken> check_claims(const config::Issuer& issuer, const Jwt& jwt, WallTime now);

// Verifies tokens of the configured issuers. From any thread; blocks when an issuer's keys must be fetched.
class TokenVerifier {
 public:
  // `config` and `clock` outlive it.
  TokenVerifier(const config::Config& config, Fetch fetch, const Clock& clock);
  Result<VerifiedToken> verify(std::string_view token);

 private:
  const config::Config& config_;
  const Clock& clock_;
  std::map<std::string, std::unique_ptr<IssuerKeys>, std::less<>> keys_;  // by issuer URL
  ReplayCache replays_;
};

}  // namespace narrowgate::identity
