// For tests: real keys made at run time, tokens signed with them (rightly or wrongly), and an issuer that serves them.
#pragma once

#include <openssl/evp.h>

#include <map>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/fake_clock.h"
#include "base/json.h"
#include "identity/oidc.h"

namespace narrowgate::identity::testing {

class TestKey {
 public:
  // RS256 (of `rsa_bits`), ES256, ES384, EdDSA
  static TestKey make(const std::string& algorithm, int rsa_bits = 2048);

  json::object jwk(const std::string& kid) const;  // the public half
  std::string pem() const;                         // the public half
  Bytes sign(std::string_view message) const;
  const std::string& algorithm() const { return algorithm_; }

 private:
  std::string algorithm_;
  std::shared_ptr<EVP_PKEY> key_;
};

// header.claims.signature, the signature by `key` whatever the header says.
std::string make_token(const json::object& header, const json::object& claims, const TestKey& key);
std::string make_token_text(const std::string& header, const std::string& claims, const TestKey& key);
// HMAC-SHA-256 under any bytes: for the confusion of a public key with a shared secret.
std::string make_hmac_token(const json::object& header, const json::object& claims, std::string_view secret);

// Answers the two URLs of an issuer and counts who asks.
class FakeIssuer {
 public:
  explicit FakeIssuer(std::string url = "https://idp.example/tenant") : url_(std::move(url)) { discovery_issuer = url_; }
  Fetch fetch();
  void add(const TestKey& key, const std::string& kid) { keys.emplace_back(key.jwk(kid)); }

  json::array keys;
  std::string discovery_issuer, jwks_uri = "https://idp.example/keys";
  bool down = false;
  int discoveries = 0, key_fetches = 0;
  std::function<void()> during_fetch;

 private:
  Result<std::string> answer(const std::string& url);
  std::string url_;
};

}  // namespace narrowgate::identity::testing
