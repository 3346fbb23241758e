#include "net/tls.h"

#include <fmt/format.h>

#include "net/openssl.h"
#include "net/tls_context.h"

namespace narrowgate::net {
namespace {

constexpr std::size_t read_ahead_bytes = 32 * 1024;  // two records in one system call

Error complaint(std::string_view thing, std::string_view remedy) {
  const std::string reason = take_openssl_error();
  return {Code::malformed, Blame::gateway, fmt::format("{}: {}; {}", thing, reason.empty() ? "not usable" : reason, remedy)};
}

ContextPtr make_context(const SSL_METHOD* method) {
  ContextPtr context(SSL_CTX_new(method));
  NG_CHECK(context);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), read_ahead_bytes);
  return context;
}

Result<Done> use_certificate(SSL_CTX* context, const std::string& certificate_pem, const std::string& key_pem) {
  ERR_clear_error();
  const std::vector<CertificatePtr> chain = read_certificates(certificate_pem);
  if (chain.empty() || SSL_CTX_use_certificate(context, chain[0].get()) != 1) {
    return complaint("TLS certificate", "give a PEM file that starts with the certificate itself, issuers after it");
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1)
      return complaint("TLS certificate chain", "check the issuers in it");
  }
  const KeyPtr key = read_key(key_pem);
  if (!key) return complaint("TLS private key", "give a PEM file without a pass phrase");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return complaint("TLS private key", "it must be the key of the certificate given with it");
  }
  return Done{};
}

enum class Announce { no, yes };  // tell the other side whose certificates are welcome

Result<Done> trust(SSL_CTX* context, const std::string& ca_pem, Announce announce) {
  ERR_clear_error();
  const std::vector<CertificatePtr> authorities = read_certificates(ca_pem);
  if (authorities.empty()) return complaint("certificate authority", "give a PEM file of CA certificates");
  for (const auto& ca : authorities) {
    const bool trusted = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), ca.get()) == 1;
    const bool told = announce == Announce::no || SSL_CTX_add_client_CA(context, ca.get()) == 1;
    if (!trusted || !told) return complaint("certificate authority", "check the certificates in its file");
  }
  return Done{};
}

Result<std::string> alpn_on_wire(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) {
    if (name.empty() || name.size() > 255)
      return Error{Code::malformed, Blame::gateway, fmt::format("ALPN name {:?}: 1 to 255 bytes", name)};
    out += char(name.size());
    out += name;
  }
  return out;
}

// Fails closed: somebody who came to speak another protocol must not end up speaking ours (ALPACA).
int choose_alpn(SSL*, const Byte** chosen, Byte* size, const Byte* offered, unsigned offered_size, void* self) {
  const auto& ours = static_cast<const TlsServerContext*>(self)->alpn;
  Byte* match = nullptr;
  const int found = SSL_select_next_proto(&match, size, reinterpret_cast<const Byte*>(ours.data()), unsigned(ours.size()),
                                          offered, offered_size);
  *chosen = match;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Result<std::shared_ptr<const TlsServer>> TlsServer::create(const TlsServerOptions& options) {
  auto made = std::make_shared<TlsServerContext>();
  made->context = make_context(TLS_server_method());
  SSL_CTX* context = made->context.get();
  NG_TRY_VOID(use_certificate(context, options.certificate_pem, options.key_pem));
  if (!options.client_ca_pem.empty()) {
    NG_TRY_VOID(trust(context, options.client_ca_pem, Announce::yes));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);  // none given: allowed, and no identity
  }
  NG_TRY(made->alpn, alpn_on_wire(options.alpn));
  if (!made->alpn.empty()) SSL_CTX_set_alpn_select_cb(context, choose_alpn, made.get());
  return std::shared_ptr<const TlsServer>(std::move(made));
}

Result<std::shared_ptr<const TlsClient>> TlsClient::create(const TlsClientOptions& options) {
  auto made = std::make_shared<TlsClientContext>();
  made->context = make_context(TLS_client_method());
  SSL_CTX* context = made->context.get();
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.ca_pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) return complaint("system trust store", "install ca-certificates");
  } else {
    NG_TRY_VOID(trust(context, options.ca_pem, Announce::no));
  }
  if (!options.certificate_pem.empty() || !options.key_pem.empty()) {
    NG_TRY_VOID(use_certificate(context, options.certificate_pem, options.key_pem));
  }
  NG_TRY(const std::string alpn, alpn_on_wire(options.alpn));
  if (!alpn.empty()) SSL_CTX_set_alpn_protos(context, reinterpret_cast<const Byte*>(alpn.data()), unsigned(alpn.size()));
  return std::shared_ptr<const TlsClient>(std::move(made));
}

}  // namespace narrowgate::net
