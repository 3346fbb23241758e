#include "net/issue.h"

#include <openssl/rand.h>

#include <fmt/format.h>

#include "net/address.h"

namespace narrowgate::net {
namespace {

using ExtensionPtr = std::unique_ptr<X509_EXTENSION, FreeBy<X509_EXTENSION_free>>;

bool extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Built as values: the textual form would let a name with a comma add another one.
bool add_name(GENERAL_NAMES* names, int kind, const std::string& text) {
  GENERAL_NAME* name =
      kind == GEN_IPADD ? a2i_GENERAL_NAME(nullptr, nullptr, nullptr, kind, text.c_str(), 0) : GENERAL_NAME_new();
  if (!name) return false;
  if (kind != GEN_IPADD) {
    ASN1_IA5STRING* value = ASN1_IA5STRING_new();
    ASN1_STRING_set(value, text.data(), int(text.size()));
    GENERAL_NAME_set0_value(name, kind, value);
  }
  return sk_GENERAL_NAME_push(names, name) > 0;
}

bool name_alternatives(X509* certificate, const CertificateOrder& order) {
  const NamesPtr names(GENERAL_NAMES_new());
  for (const auto& name : order.names) {
    if (!add_name(names.get(), is_ip_address(name) ? GEN_IPADD : GEN_DNS, name)) return false;
  }
  for (const auto& uri : order.uris) {
    if (!add_name(names.get(), GEN_URI, uri)) return false;
  }
  if (sk_GENERAL_NAME_num(names.get()) == 0) return true;
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool set_purpose(X509* certificate, X509* issuer, CertificateKind kind) {
  const bool authority = kind == CertificateKind::authority;
  return extend(certificate, issuer, NID_basic_constraints, authority ? "critical,CA:TRUE,pathlen:0" : "critical,CA:FALSE") &&
         extend(certificate, issuer, NID_key_usage, authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature") &&
         (authority ||
          extend(certificate, issuer, NID_ext_key_usage, kind == CertificateKind::server ? "serverAuth" : "clientAuth")) &&
         extend(certificate, issuer, NID_subject_key_identifier, "hash") &&
         extend(certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

bool set_serial(X509* certificate) {
  Byte random[16];
  if (RAND_bytes(random, sizeof random) != 1) return false;
  random[0] &= 0x7f;  // positive
  BIGNUM* number = BN_bin2bn(random, sizeof random, nullptr);
  const bool set = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
  BN_free(number);
  return set;
}

bool set_subject(X509* certificate, const std::string& common_name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const Byte*>(common_name.data()), int(common_name.size()), -1, 0) == 1;
}

std::string written(const BioPtr& memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, std::size_t(size)};
}

}  // namespace

KeyPtr make_key() {
  KeyPtr key(EVP_EC_gen("P-256"));
  NG_CHECK(key);
  return key;
}

Result<CertificatePtr> issue(const CertificateOrder& order, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  ERR_clear_error();
  CertificatePtr made(X509_new());
  X509* certificate = made.get();
  X509* by = issuer ? issuer : certificate;
  const bool ok = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
                  ASN1_TIME_set(X509_getm_notBefore(certificate), unix_seconds(order.from)) &&
                  ASN1_TIME_set(X509_getm_notAfter(certificate), unix_seconds(order.until)) &&
                  set_subject(certificate, order.common_name) &&
                  X509_set_issuer_name(certificate, X509_get_subject_name(by)) == 1 && X509_set_pubkey(certificate, key) == 1 &&
                  set_purpose(certificate, by, order.kind) && name_alternatives(certificate, order) &&
                  X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
  if (!ok)
    return Error{Code::malformed, Blame::gateway,
                 fmt::format("certificate for {:?}: {}; check its names", order.common_name, take_openssl_error())};
  return made;
}

std::string to_pem(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  NG_CHECK(PEM_write_bio_X509(memory.get(), certificate) == 1);
  return written(memory);
}

std::string to_pem(EVP_PKEY* key) {
  const BioPtr memory(BIO_new(BIO_s_secmem()));  // wiped when freed
  NG_CHECK(PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return written(memory);
}

}  // namespace narrowgate::net
