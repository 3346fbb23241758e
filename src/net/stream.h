// A byte stream over TCP, plain or under TLS, on one loop.
//
// read_some and write_all may be awaited at the same time by two coroutines (one each); two readers or two writers at once
// are a bug. close() makes both end with Code::closed, so a coroutine that waits for the world always ends; so does destroying
// the stream. After a write_all that did not succeed the stream is good for nothing but close().
//
// A reader that always finds bytes waiting steps aside now and then, so that one busy stream does not starve the loop.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "net/loop.h"
#include "net/tls.h"

namespace narrowgate::net {

struct Address {
  std::string host;
  std::uint16_t port = 0;
  std::string to_string() const;  // "127.0.0.1:5432", "[::1]:5432"
  bool operator==(const Address&) const = default;
};

// "host:port", "[::1]:5432"; Blame::client names the text.
Result<Address> parse_address(std::string_view text);
// 127.0.0.0/8, ::1 and "localhost"; not what a name resolves to.
bool is_loopback(std::string_view host);

class Stream {
 public:
  virtual ~Stream() = default;

  // Both begin at once, when called; what cannot be done without waiting is done when awaited.
  //
  // At least one byte, or Code::closed at the end of the stream. Asks the system again only when it may have something:
  // after a short read it waits first.
  virtual Task<Result<std::size_t>> read_some(std::span<Byte> into, Duration at_most = Duration::max()) = 0;
  // Everything, in as few system calls as the socket allows; tries at once and only waits when the socket is full.
  virtual Task<Result<Done>> write_all(ByteView bytes, Duration at_most = Duration::max()) = 0;
  // Whatever can be written without waiting; for last words to a client that is about to be cut off. Never while a
  // write_all is waiting.
  virtual std::size_t try_write(ByteView bytes) = 0;
  // The first bytes without consuming them; plain streams only (to tell TLS from a startup message).
  virtual Task<Result<std::size_t>> peek(std::span<Byte> into, Duration at_most) = 0;
  // Waits until there is something to read or the other side is gone, without reading. A reader in this sense too.
  virtual Task<Result<Done>> readable(Duration at_most) = 0;

  // The same connection under TLS from here on. Answering (server), bytes that wait unread must begin a TLS handshake; asking
  // (client), none may wait: whoever pipelines before TLS is up is refused with Code::refused (CVE-2021-23214, -23222). What the
  // caller itself has read ahead is the caller's to refuse.
  virtual Task<Result<Done>> start_tls_server(const TlsServer& context, Duration at_most) = 0;
  virtual Task<Result<Done>> start_tls_client(const TlsClient& context, const std::string& host_name, Duration at_most) = 0;
  virtual std::optional<TlsInfo> tls() const = 0;

  virtual void close() = 0;  // idempotent; wakes both waiters
  virtual bool is_open() const = 0;
  virtual Address peer() const = 0;
  virtual Address local() const = 0;
  virtual Loop& loop() = 0;
};

// Looks `to` up and tries its addresses in turn; each gets its share of the time that is left.
Task<Result<std::unique_ptr<Stream>>> connect(Loop& loop, Pool& resolver, Address to, Duration at_most);

// Accepts on one address and hands each connection to one of the loops in turn. The handler is called on that loop's thread.
// Out of file descriptors it says so and pauses; it never spins.
class Listener {
 public:
  using Handler = std::function<void(std::unique_ptr<Stream>)>;
  // `loops` outlive it. An empty host listens everywhere.
  static Result<std::unique_ptr<Listener>> listen(Address at, std::vector<Loop*> loops, Handler handler);
  virtual ~Listener() = default;      // stops
  virtual Address local() const = 0;  // with the port the system chose, if 0 was asked for
  virtual void stop() = 0;            // no new connections; from any thread
};

}  // namespace narrowgate::net
