// For tests: a loop that runs one coroutine to its end, pairs of connected streams, certificates of every kind.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "net/issue.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/tls.h"

namespace narrowgate::net::test {

using namespace std::chrono_literals;

inline Task<void> then_stop(Loop& loop, Task<void> task) {
  co_await task;
  loop.stop();
}
inline void run(Loop& loop, Task<void> task) {
  loop.spawn(then_stop(loop, std::move(task)));
  loop.run();
}

// Both ends of a connection inside the kernel. The sockets allow what a Stream does not: half-closing, looking at the descriptor.
struct Pair {
  std::shared_ptr<Socket> left_socket, right_socket;
  std::unique_ptr<Stream> left, right;
};
inline Pair make_pair(Loop& loop) {
  int fds[2];
  NG_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
  Pair pair;
  pair.left_socket = std::make_shared<Socket>(loop, Descriptor(fds[0]), Blame::upstream);
  pair.right_socket = std::make_shared<Socket>(loop, Descriptor(fds[1]), Blame::client);
  pair.left = make_stream(pair.left_socket);
  pair.right = make_stream(pair.right_socket);
  return pair;
}

struct Identity {
  std::string certificate_pem, key_pem;
};

// An authority and what it signs.
class Authority {
 public:
  Authority() : key_(make_key()) {
    const WallTime now = SystemClock().wall();
    const CertificateOrder order{CertificateKind::authority, "test authority", {}, {}, now - 24h, now + 24h};
    certificate_ = issue(order, key_.get(), nullptr, key_.get()).take();
  }
  std::string pem() const { return to_pem(certificate_.get()); }
  Identity server(std::vector<std::string> names, Duration ends_in = 1h) const {
    return sign(CertificateKind::server, names.at(0), names, {}, ends_in);
  }
  Identity client(std::string name, std::vector<std::string> uris) const {
    return sign(CertificateKind::client, name, {}, std::move(uris), 1h);
  }

 private:
  Identity sign(CertificateKind kind, std::string name, std::vector<std::string> names, std::vector<std::string> uris,
                Duration ends_in) const {
    const KeyPtr key = make_key();
    const WallTime now = SystemClock().wall();
    const WallTime until = now + std::chrono::duration_cast<std::chrono::seconds>(ends_in);
    const CertificateOrder order{kind, std::move(name), std::move(names), std::move(uris), now - 24h, until};
    const CertificatePtr made = issue(order, key.get(), certificate_.get(), key_.get()).take();
    return {to_pem(made.get()), to_pem(key.get())};
  }

  KeyPtr key_;
  CertificatePtr certificate_;
};

inline std::shared_ptr<const TlsServer> server_tls(const Identity& identity, std::vector<std::string> alpn = {},
                                                   std::string client_ca = "") {
  return TlsServer::create({identity.certificate_pem, identity.key_pem, std::move(client_ca), std::move(alpn)}).take();
}
inline std::shared_ptr<const TlsClient> client_tls(std::string ca_pem, std::vector<std::string> alpn = {},
                                                   const Identity& identity = {}) {
  return TlsClient::create({std::move(ca_pem), identity.certificate_pem, identity.key_pem, std::move(alpn)}).take();
}

inline Task<void> serve_tls(Stream& stream, const TlsServer& tls, Result<Done>& out, Event& ended) {
  out = co_await stream.start_tls_server(tls, 10s);
  ended.set();
}

struct Handshake {
  Result<Done> server = Done{}, client = Done{};
};
// Left is the client.
inline Task<Handshake> shake_hands(Pair& pair, const TlsServer& server, const TlsClient& client,
                                   std::string name = "db.example") {
  Handshake out;
  Event ended(pair.left->loop());
  pair.left->loop().spawn(serve_tls(*pair.right, server, out.server, ended));
  out.client = co_await pair.left->start_tls_client(client, name, 10s);
  if (!out.client.ok()) pair.left->close();
  (void)co_await ended.wait(Duration::max());
  co_return out;
}

}  // namespace narrowgate::net::test
