#include "identity/token_maker.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <boost/json/serialize.hpp>

#include "base/bytes.h"
#include "base/check.h"
#include "base/crypto.h"

namespace narrowgate::identity::testing {
namespace {

EVP_PKEY* generate(const std::string& algorithm, int rsa_bits) {
  if (algorithm == "RS256") return EVP_RSA_gen(unsigned(rsa_bits));
  if (algorithm == "ES256") return EVP_EC_gen("P-256");
  if (algorithm == "ES384") return EVP_EC_gen("P-384");
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

std::string number(const EVP_PKEY* key, const char* name, int bytes = 0) {
  BIGNUM* value = nullptr;
  NG_CHECK(EVP_PKEY_get_bn_param(key, name, &value) == 1);
  Bytes out(std::size_t(bytes ? bytes : BN_num_bytes(value)));
  BN_bn2binpad(value, out.data(), int(out.size()));
  BN_free(value);
  return to_base64url(out);
}

std::string raw_public(const EVP_PKEY* key) {
  Bytes out(32);
  std::size_t size = out.size();
  NG_CHECK(EVP_PKEY_get_raw_public_key(key, out.data(), &size) == 1);
  return to_base64url(out);
}

// JWS wants r and s side by side where OpenSSL gives DER.
Bytes side_by_side(const Bytes& der, int half) {
  const auto* at = der.data();
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, long(der.size()));
  NG_CHECK(pair != nullptr);
  Bytes out(std::size_t(2 * half));
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), out.data(), half);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), out.data() + half, half);
  ECDSA_SIG_free(pair);
  return out;
}

std::string part(std::string_view text) { return to_base64url(as_bytes(text)); }

}  // namespace

TestKey TestKey::make(const std::string& algorithm, int rsa_bits) {
  TestKey made;
  made.algorithm_ = algorithm;
  made.key_ = {generate(algorithm, rsa_bits), EVP_PKEY_free};
  NG_CHECK(made.key_ != nullptr);
  return made;
}

json::object TestKey::jwk(const std::string& kid) const {
  json::object out{{"kid", kid}, {"use", "sig"}, {"alg", algorithm_}};
  if (algorithm_ == "RS256") {
    out["kty"] = "RSA";
    out["n"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_N);
    out["e"] = number(key_.get(), OSSL_PKEY_PARAM_RSA_E);
  } else if (algorithm_ == "EdDSA") {
    out["kty"] = "OKP";
    out["crv"] = "Ed25519";
    out["x"] = raw_public(key_.get());
  } else {
    const int half = algorithm_ == "ES256" ? 32 : 48;
    out["kty"] = "EC";
    out["crv"] = algorithm_ == "ES256" ? "P-256" : "P-384";
    out["x"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_X, half);
    out["y"] = number(key_.get(), OSSL_PKEY_PARAM_EC_PUB_Y, half);
  }
  return out;
}

std::string TestKey::pem() const {
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(out, key_.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out, &text);
  std::string pem(text, std::size_t(size));
  BIO_free(out);
  return pem;
}

Bytes TestKey::sign(std::string_view message) const {
  const EVP_MD* digest = algorithm_ == "EdDSA" ? nullptr : algorithm_ == "ES384" ? EVP_sha384() : EVP_sha256();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  NG_CHECK(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key_.get()) == 1);
  const auto bytes = as_bytes(message);
  std::size_t size = 0;
  NG_CHECK(EVP_DigestSign(context.get(), nullptr, &size, bytes.data(), bytes.size()) == 1);
  Bytes signature(size);
  NG_CHECK(EVP_DigestSign(context.get(), signature.data(), &size, bytes.data(), bytes.size()) == 1);
  signature.resize(size);
  if (algorithm_ == "ES256") return side_by_side(signature, 32);
  if (algorithm_ == "ES384") return side_by_side(signature, 48);
  return signature;
}

std::string make_token_text(const std::string& header, const std::string& claims, const TestKey& key) {
  const auto message = part(header) + "." + part(claims);
  return message + "." + to_base64url(key.sign(message));
}

std::string make_token(const json::object& header, const json::object& claims, const TestKey& key) {
  return make_token_text(json::serialize(header), json::serialize(claims), key);
}

std::string make_hmac_token(const json::object& header, const json::object& claims, std::string_view secret) {
  const auto message = part(json::serialize(header)) + "." + part(json::serialize(claims));
  return message + "." + to_base64url(hmac_sha256(as_bytes(secret), as_bytes(message)));
}

Fetch FakeIssuer::fetch() {
  return [this](const std::string& url) { return answer(url); };
}

Result<std::string> FakeIssuer::answer(const std::string& url) {
  if (down) return Error{Code::unavailable, Blame::upstream, "connection refused"};
  if (url == url_ + "/.well-known/openid-configuration") {
    ++discoveries;
    return json::serialize(json::object{{"issuer", discovery_issuer}, {"jwks_uri", jwks_uri}});
  }
  if (url != jwks_uri) return Error{Code::not_found, Blame::upstream, "404 for " + url};
  ++key_fetches;
  if (during_fetch) during_fetch();
  return json::serialize(json::object{{"keys", keys}});
}

}  // namespace narrowgate::identity::testing
