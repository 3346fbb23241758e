// One connection's TLS, by OpenSSL on the socket itself. No waiting here: every step says what it waits for.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "net/tls.h"

namespace narrowgate::net {

// What came of trying to move bytes.
enum class Step : std::uint8_t {
  done,
  wants_read,  // try again when the socket is readable
  wants_write,
  ended,   // the other side has said all it will
  failed,  // errno, or OpenSSL's queue, says why
};

class TlsSession {
 public:
  static std::unique_ptr<TlsSession> serve(const TlsServer& context, int fd);
  static std::unique_ptr<TlsSession> ask(const TlsClient& context, const std::string& host_name, int fd);

  Step handshake();
  Step read(std::span<Byte> into, std::size_t& size);
  Step write(ByteView bytes, std::size_t& size);  // after wants_*: again with the same bytes
  Step look();                                    // done: read would give something
  void say_goodbye();                             // close_notify, if it can go now

  std::string failure() const;  // of the last step that failed; for operators
  bool refused() const;         // did it fail because a certificate or a name did not verify?
  TlsInfo info() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  TlsSession(SSL* ssl, std::shared_ptr<const void> context, bool server);
  Step outcome(int returned);
  Step broken(Step how, std::string reason);

  std::unique_ptr<SSL, Free> ssl_;
  std::shared_ptr<const void> context_;  // OpenSSL calls back into it
  bool server_;
  bool up_ = false;
  std::optional<Step> broken_;  // how it broke: OpenSSL must not be asked again then
  std::string failure_;
};

}  // namespace narrowgate::net
