#include "net/openssl.h"

#include <arpa/inet.h>

namespace narrowgate::net {
namespace {

BioPtr memory_of(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), int(text.size()))); }

int no_pass_phrase(char*, int, int, void*) { return -1; }  // OpenSSL would ask at the terminal

std::string text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), std::size_t(ASN1_STRING_length(string))};
}

std::string ip_of(const ASN1_OCTET_STRING* octets) {
  char text[INET6_ADDRSTRLEN] = "";
  const int length = ASN1_STRING_length(octets);
  if (length == 4 || length == 16) inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(octets), text, sizeof text);
  return text;
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  if (reason) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

CertificatePtr read_certificate(std::string_view pem) {
  const BioPtr memory = memory_of(pem);
  return CertificatePtr(PEM_read_bio_X509(memory.get(), nullptr, no_pass_phrase, nullptr));
}

KeyPtr read_key(std::string_view pem) {
  const BioPtr memory = memory_of(pem);
  return KeyPtr(PEM_read_bio_PrivateKey(memory.get(), nullptr, no_pass_phrase, nullptr));
}

std::vector<CertificatePtr> read_certificates(std::string_view pem) {
  std::vector<CertificatePtr> out;
  const BioPtr memory = memory_of(pem);
  while (CertificatePtr one{PEM_read_bio_X509(memory.get(), nullptr, no_pass_phrase, nullptr)}) out.push_back(std::move(one));
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) out.clear();
  if (!out.empty()) ERR_clear_error();
  return out;
}

AlternativeNames alternative_names(X509* certificate) {
  AlternativeNames out;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS) out.dns.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_URI) out.uris.push_back(text_of(name->d.uniformResourceIdentifier));
    if (name->type == GEN_IPADD) out.ips.push_back(ip_of(name->d.iPAddress));
  }
  return out;
}

std::string subject_of(X509* certificate) {
  const BioPtr memory(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(memory.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &data);
  return {data, std::size_t(size)};
}

Bytes der_of(X509* certificate) {
  Bytes out(std::size_t(i2d_X509(certificate, nullptr)));
  Byte* at = out.data();
  i2d_X509(certificate, &at);
  return out;
}

Bytes server_end_point(X509* certificate) {
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1 || digest == NID_undef) return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* kind = EVP_get_digestbynid(digest);
  Bytes out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (!kind || X509_digest(certificate, kind, out.data(), &size) != 1) return {};
  out.resize(size);
  return out;
}

}  // namespace narrowgate::net
