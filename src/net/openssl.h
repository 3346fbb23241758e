// OpenSSL's objects with an owner, and its error queue as text. For this folder.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace narrowgate::net {

template <auto free_it>
struct FreeBy {
  template <class T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};
using BioPtr = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, FreeBy<X509_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;

// The oldest reason in the queue, which is the one that matters; empties the queue.
std::string take_openssl_error();

// A missing one, or one locked by a pass phrase, is null, with OpenSSL's reason in the queue.
CertificatePtr read_certificate(std::string_view pem);
KeyPtr read_key(std::string_view pem);
// All of them, in order; empty if any is broken.
std::vector<CertificatePtr> read_certificates(std::string_view pem);

struct AlternativeNames {
  std::vector<std::string> dns, ips, uris;
};
AlternativeNames alternative_names(X509* certificate);
std::string subject_of(X509* certificate);
Bytes der_of(X509* certificate);
// RFC 5929 §4.1. Empty for keys whose signatures name no digest (Ed25519).
Bytes server_end_point(X509* certificate);

}  // namespace narrowgate::net
