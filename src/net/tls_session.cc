#include "net/tls_session.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "base/crypto.h"
#include "net/openssl.h"
#include "net/tls_context.h"

namespace narrowgate::net {
namespace {

bool is_ip(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET, host.c_str(), &ignored) == 1 || inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

void describe_peer(X509* certificate, TlsInfo& info) {
  AlternativeNames names = alternative_names(certificate);
  info.peer_subject = subject_of(certificate);
  info.peer_uris = std::move(names.uris);
  info.peer_names = std::move(names.dns);
  const Bytes der = der_of(certificate);
  info.peer_fingerprint = "sha256:" + to_hex(sha256(der));
}

}  // namespace

TlsSession::TlsSession(SSL* ssl, std::shared_ptr<const void> context, bool server)
    : ssl_(ssl), context_(std::move(context)), server_(server) {
  NG_CHECK(ssl_);
}

std::unique_ptr<TlsSession> TlsSession::serve(const TlsServer& context, int fd) {
  const auto& ours = static_cast<const TlsServerContext&>(context);
  SSL* ssl = SSL_new(ours.context.get());
  std::unique_ptr<TlsSession> session(new TlsSession(ssl, ours.shared_from_this(), true));
  NG_CHECK(SSL_set_fd(ssl, fd) == 1);
  SSL_set_accept_state(ssl);
  return session;
}

std::unique_ptr<TlsSession> TlsSession::ask(const TlsClient& context, const std::string& host_name, int fd) {
  const auto& ours = static_cast<const TlsClientContext&>(context);
  SSL* ssl = SSL_new(ours.context.get());
  std::unique_ptr<TlsSession> session(new TlsSession(ssl, ours.shared_from_this(), false));
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ip(host_name)) {
    NG_CHECK(X509_VERIFY_PARAM_set1_ip_asc(verify, host_name.c_str()) == 1);
  } else {
    // An empty name would switch the check off.
    if (host_name.empty() || X509_VERIFY_PARAM_set1_host(verify, host_name.data(), host_name.size()) != 1 ||
        SSL_set_tlsext_host_name(ssl, host_name.c_str()) != 1) {
      ERR_clear_error();
      return nullptr;
    }
  }
  NG_CHECK(SSL_set_fd(ssl, fd) == 1);
  SSL_set_connect_state(ssl);
  return session;
}

Step TlsSession::outcome(int returned) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_NONE: return Step::done;
    case SSL_ERROR_WANT_READ: return Step::wants_read;
    case SSL_ERROR_WANT_WRITE: return Step::wants_write;
    case SSL_ERROR_ZERO_RETURN: return Step::ended;
    case SSL_ERROR_SYSCALL: return broken(Step::ended, saved_errno != 0 ? std::strerror(saved_errno) : "the connection ended");
    default: break;
  }
  const bool cut = ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (cut) return broken(Step::ended, "the connection ended without close_notify");
  return broken(Step::failed, take_openssl_error());
}

Step TlsSession::broken(Step how, std::string reason) {
  ERR_clear_error();
  failure_ = std::move(reason);
  broken_ = how;
  return how;
}

Step TlsSession::handshake() {
  if (broken_) return *broken_;
  ERR_clear_error();
  const Step step = outcome(SSL_do_handshake(ssl_.get()));
  up_ = step == Step::done;
  return step;
}

Step TlsSession::read(std::span<Byte> into, std::size_t& size) {
  if (broken_) return *broken_;
  ERR_clear_error();
  return outcome(SSL_read_ex(ssl_.get(), into.data(), into.size(), &size));
}

Step TlsSession::write(ByteView bytes, std::size_t& size) {
  if (broken_) return *broken_;
  ERR_clear_error();
  return outcome(SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size));
}

Step TlsSession::look() {
  if (broken_) return *broken_;
  ERR_clear_error();
  Byte first;
  std::size_t size = 0;
  return outcome(SSL_peek_ex(ssl_.get(), &first, 1, &size));
}

void TlsSession::say_goodbye() {
  if (!up_ || broken_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

std::string TlsSession::failure() const {
  const long verdict = SSL_get_verify_result(ssl_.get());
  if (verdict == X509_V_OK) return failure_;
  return fmt::format("the {}'s certificate was not accepted: {}", server_ ? "client" : "server",
                     X509_verify_cert_error_string(verdict));
}

bool TlsSession::refused() const { return SSL_get_verify_result(ssl_.get()) != X509_V_OK; }

TlsInfo TlsSession::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  const Byte* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &alpn, &size);
  info.alpn = as_text({alpn, size});
  const CertificatePtr peer(SSL_get1_peer_certificate(ssl_.get()));
  if (peer) describe_peer(peer.get(), info);
  X509* server = server_ ? SSL_get_certificate(ssl_.get()) : peer.get();
  if (server) info.server_end_point = server_end_point(server);
  return info;
}

}  // namespace narrowgate::net
