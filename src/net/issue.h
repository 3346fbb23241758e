// Making certificates: for the gateway's own authority, and for tests.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "net/openssl.h"

namespace narrowgate::net {

enum class CertificateKind { authority, server, client };

struct CertificateOrder {
  CertificateKind kind = CertificateKind::server;
  std::string common_name;
  std::vector<std::string> names;  // DNS names and IP addresses
  std::vector<std::string> uris;
  WallTime from, until;
};

KeyPtr make_key();  // EC P-256
// `issuer` null: self-signed, and `issuer_key` is the key itself.
Result<CertificatePtr> issue(const CertificateOrder& order, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key);

std::string to_pem(X509* certificate);
std::string to_pem(EVP_PKEY* key);  // PKCS #8, not encrypted

}  // namespace narrowgate::net
