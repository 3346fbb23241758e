#include "net/stream.h"

#include <fmt/format.h>

#include "net/address.h"
#include "net/transport.h"

namespace narrowgate::net {
namespace {

constexpr unsigned reads_in_a_row_max = 16;  // then others get a turn, even if this stream always has more
constexpr Byte tls_handshake_record = 0x16;

// Counts down over several waits; asks for the time only if there is a wait.
class Patience {
 public:
  explicit Patience(Duration at_most) : at_most_(at_most) {}
  MonoTime until() {
    if (!until_) until_ = at_most_ == Duration::max() ? MonoTime::max() : deadline_after(at_most_);
    return *until_;
  }

 private:
  Duration at_most_;
  std::optional<MonoTime> until_;
};

Ready what_for(Step step) { return step == Step::wants_write ? Ready::to_write : Ready::to_read; }
bool waits(Step step) { return step == Step::wants_read || step == Step::wants_write; }

// These hold the socket, so that the stream may be destroyed while they wait.
using SocketPtr = std::shared_ptr<Socket>;

Task<Result<std::size_t>> read_after_wait(SocketPtr socket, std::span<Byte> into, Duration at_most, Step step) {
  Patience patience(at_most);
  for (;;) {
    if (!socket->is_open()) co_return closed_here(*socket);
    Socket::Wait ready(*socket, socket->reading, what_for(step), patience.until());
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return too_late(*socket, "sent nothing");
    socket->reads_in_a_row = 0;
    if (!socket->is_open()) co_return closed_here(*socket);
    std::size_t size = 0;
    step = receive(*socket, into, size);
    if (step == Step::done) co_return size;
    if (!waits(step)) co_return why(*socket, step);
  }
}

Task<Result<std::size_t>> read(const SocketPtr& socket, std::span<Byte> into, Duration at_most) {
  NG_CHECK(!into.empty());
  const bool step_aside = !socket->drained && ++socket->reads_in_a_row > reads_in_a_row_max;
  if (step_aside) socket->readable_later();
  if (step_aside || socket->drained) return read_after_wait(socket, into, at_most, Step::wants_read);
  if (!socket->is_open()) return closed_here(*socket);
  std::size_t size = 0;
  const Step step = receive(*socket, into, size);
  if (step == Step::done) return size;
  if (!waits(step)) return why(*socket, step);
  return read_after_wait(socket, into, at_most, step);
}

// Marks the stream as spoiled if a write is given up half-way: by an error, a deadline or the end of its coroutine.
struct HalfWritten {
  SocketPtr socket;
  explicit HalfWritten(SocketPtr on) : socket(std::move(on)) {}
  HalfWritten(HalfWritten&&) = default;
  HalfWritten& operator=(HalfWritten&&) = delete;
  ~HalfWritten() {
    if (socket) socket->write_broken = true;
  }
  void over() { socket.reset(); }
};

// Sends what the socket takes now and drops it from `bytes`.
Step write_now(Socket& socket, ByteView& bytes) {
  while (!bytes.empty()) {
    std::size_t size = 0;
    const Step step = transmit(socket, bytes, size);
    bytes = bytes.subspan(size);
    if (step != Step::done) return step;
    if (!socket.tls && !bytes.empty()) return Step::wants_write;  // a short write: the socket is full
  }
  return Step::done;
}

Task<Result<Done>> write_rest(HalfWritten half, ByteView bytes, Duration at_most, Step step) {
  Socket& socket = *half.socket;
  Patience patience(at_most);
  while (waits(step)) {
    Socket::Wait ready(socket, socket.writing, what_for(step), patience.until());
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return too_late(socket, "took nothing");
    if (!socket.is_open()) co_return closed_here(socket);
    step = write_now(socket, bytes);
  }
  if (step != Step::done) co_return why(socket, step);
  half.over();
  co_return Done{};
}

Task<Result<Done>> write(const SocketPtr& socket, ByteView bytes, Duration at_most) {
  if (bytes.empty()) return Done{};
  if (!socket->is_open()) return closed_here(*socket);
  if (socket->write_broken) return Error{Code::closed, Blame::gateway, "an earlier write on this connection did not finish"};
  const Step step = write_now(*socket, bytes);
  if (step == Step::done) return Done{};
  HalfWritten half(socket);
  if (!waits(step)) return why(*socket, step);
  return write_rest(std::move(half), bytes, at_most, step);
}

Task<Result<std::size_t>> peek_bytes(SocketPtr socket, std::span<Byte> into, Duration at_most) {
  NG_CHECK(!socket->tls && !into.empty());
  Patience patience(at_most);
  for (;;) {
    if (!socket->is_open()) co_return closed_here(*socket);
    std::size_t size = 0;
    const Step step = peek_plain(*socket, into, size);
    if (step == Step::done) co_return size;
    if (!waits(step)) co_return why(*socket, step);
    Socket::Wait ready(*socket, socket->reading, Ready::to_read, patience.until());
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return too_late(*socket, "sent nothing");
  }
}

Step look(Socket& socket) {
  if (socket.tls) return socket.tls->look();
  Byte first;
  std::size_t size = 0;
  return peek_plain(socket, {&first, 1}, size);
}

Task<Result<Done>> wait_readable(SocketPtr socket, Duration at_most) {
  Patience patience(at_most);
  for (;;) {
    if (!socket->is_open()) co_return closed_here(*socket);
    const Step step = look(*socket);
    if (!waits(step)) co_return Done{};  // bytes, or an end that the next read will report
    Socket::Wait ready(*socket, socket->reading, what_for(step), patience.until());
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return too_late(*socket, "sent nothing");
  }
}

Task<Result<Done>> handshake(SocketPtr socket, Duration at_most) {
  Patience patience(at_most);
  for (;;) {
    if (!socket->is_open()) co_return closed_here(*socket);
    const Step step = socket->tls->handshake();
    if (step == Step::done) co_return Done{};
    if (!waits(step)) {
      Error error = why(*socket, step);
      if (socket->tls->refused()) error.code = Code::refused;
      co_return error;
    }
    Socket::Wait ready(*socket, socket->reading, what_for(step), patience.until());
    const Wake wake = co_await ready;
    if (wake == Wake::timed_out) co_return too_late(*socket, "did not finish its TLS handshake");
  }
}

// What waits unread was sent before TLS was up, so it is not from the one we are about to authenticate.
Result<Done> nothing_pipelined(Socket& socket, bool client_hello_allowed) {
  if (!socket.is_open()) return closed_here(socket);
  Byte first = 0;
  std::size_t size = 0;
  const Step step = peek_plain(socket, {&first, 1}, size);
  if (waits(step)) return Done{};
  if (step != Step::done) return why(socket, step);
  if (client_hello_allowed && first == tls_handshake_record) return Done{};
  return Error{Code::refused, socket.blame(),
               fmt::format("the {} sent bytes before TLS was up; it must wait for the answer", to_string(socket.blame()))};
}

class SocketStream final : public Stream {
 public:
  explicit SocketStream(SocketPtr socket)
      : socket_(std::move(socket)), peer_(peer_of(socket_->fd())), local_(local_of(socket_->fd())) {}
  ~SocketStream() override { socket_->close(); }

  Task<Result<std::size_t>> read_some(std::span<Byte> into, Duration at_most) override { return read(socket_, into, at_most); }
  Task<Result<Done>> write_all(ByteView bytes, Duration at_most) override { return write(socket_, bytes, at_most); }
  Task<Result<std::size_t>> peek(std::span<Byte> into, Duration at_most) override { return peek_bytes(socket_, into, at_most); }
  Task<Result<Done>> readable(Duration at_most) override { return wait_readable(socket_, at_most); }
  std::size_t try_write(ByteView bytes) override;

  Task<Result<Done>> start_tls_server(const TlsServer& context, Duration at_most) override;
  Task<Result<Done>> start_tls_client(const TlsClient& context, const std::string& host_name, Duration at_most) override;
  std::optional<TlsInfo> tls() const override { return info_; }

  void close() override { socket_->close(); }
  bool is_open() const override { return socket_->is_open(); }
  Address peer() const override { return peer_; }
  Address local() const override { return local_; }
  Loop& loop() override { return socket_->loop(); }

 private:
  SocketPtr socket_;
  Address peer_, local_;
  std::optional<TlsInfo> info_;
};

std::size_t SocketStream::try_write(ByteView bytes) {
  if (socket_->writing.waits()) return 0;  // in the middle of something else
  std::size_t total = 0;
  while (total < bytes.size() && socket_->is_open() && !socket_->write_broken) {
    std::size_t size = 0;
    const Step step = transmit(*socket_, bytes.subspan(total), size);
    // Under TLS a record may be half out, and the next write would have to be the same bytes again.
    if (step != Step::done) socket_->write_broken = socket_->tls != nullptr || !waits(step);
    if (step != Step::done) break;
    total += size;
  }
  return total;
}

Task<Result<Done>> SocketStream::start_tls_server(const TlsServer& context, Duration at_most) {
  NG_CHECK(!socket_->tls);
  NG_CO_TRY_VOID(nothing_pipelined(*socket_, true));
  socket_->tls = TlsSession::serve(context, socket_->fd());
  socket_->drained = false;
  NG_CO_TRY_VOID(co_await handshake(socket_, at_most));
  info_ = socket_->tls->info();
  co_return Done{};
}

Task<Result<Done>> SocketStream::start_tls_client(const TlsClient& context, const std::string& host_name, Duration at_most) {
  NG_CHECK(!socket_->tls);
  NG_CO_TRY_VOID(nothing_pipelined(*socket_, false));
  socket_->tls = TlsSession::ask(context, host_name, socket_->fd());
  if (!socket_->tls)
    co_return Error{Code::malformed, Blame::gateway, fmt::format("TLS needs a host name to verify; {:?} is none", host_name)};
  socket_->drained = false;
  NG_CO_TRY_VOID(co_await handshake(socket_, at_most));
  info_ = socket_->tls->info();
  co_return Done{};
}

}  // namespace

std::unique_ptr<Stream> make_stream(std::shared_ptr<Socket> socket) { return std::make_unique<SocketStream>(std::move(socket)); }

}  // namespace narrowgate::net
