#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/log.h"
#include "net/address.h"
#include "net/socket.h"

namespace narrowgate::net {
namespace {

constexpr int backlog = 1024;                   // as many as most kernels keep anyway
constexpr unsigned accepted_in_a_row_max = 64;  // then others on the loop get a turn
constexpr std::chrono::milliseconds pause_when_out_of_means{100};

bool out_of_means(int error) { return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM; }

// Lives on the first loop; the Listener outside holds it, and so does what is under way to a loop.
class Acceptor : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(Descriptor fd, std::vector<Loop*> loops, Listener::Handler handler)
      : fd_(std::move(fd)),
        loops_(std::move(loops)),
        handler_(std::move(handler)),
        watched_(context()),
        pause_(context(), [this] { accept(); }) {}
  ~Acceptor() {
    if (watched_.is_open()) watched_.release();
  }  // fd_ closes

  int fd() const { return fd_.get(); }
  std::shared_ptr<Mailbox> mailbox() const { return loops_.front()->impl().mailbox; }

  void start() {  // on the first loop
    Failure failure;
    watched_.assign(fd_.get(), failure);
    if (failure) log_error("listener not watched", {{"reason", failure.message()}});
    if (!failure) accept();
  }
  void forbid() { stopped_ = true; }
  void close() {  // on the first loop
    if (watched_.is_open()) watched_.release();
    pause_.unset();
    Descriptor closes = std::move(fd_);
  }

 private:
  asio::io_context& context() { return loops_.front()->impl().context; }

  void accept() {
    for (unsigned i = 0; i < accepted_in_a_row_max && !stopped_; ++i) {
      Descriptor fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      const int error = errno;
      if (fd) hand_over(std::move(fd));
      else if (out_of_means(error)) return pause(error);
      else if (error == EAGAIN || error == EWOULDBLOCK) break;
      // Anything else is one connection's own trouble (ECONNABORTED): the next may be well.
    }
    if (!stopped_) wait();
  }

  void wait() {
    watched_.async_wait(asio::posix::descriptor_base::wait_read, [weak = weak_from_this()](const Failure& failure) {
      const auto self = weak.lock();
      if (self && !failure) self->accept();
    });
  }

  void pause(int error) {
    log_warning("connections wait",
                {{"reason", std::strerror(error)}, {"remedy", "raise the limit of open files (LimitNOFILE, ulimit -n)"}});
    pause_.set(deadline_after(pause_when_out_of_means), weak_from_this());
  }

  void hand_over(Descriptor fd) {
    set_options(fd.get());
    Loop* loop = loops_[next_++ % loops_.size()];
    if (loop == loops_.front()) return welcome(*loop, std::move(fd));
    // std::function copies, a descriptor does not.
    loop->post([self = shared_from_this(), loop, held = std::make_shared<Descriptor>(std::move(fd))] {
      self->welcome(*loop, std::move(*held));
    });
  }

  void welcome(Loop& loop, Descriptor fd) {
    if (stopped_) return;
    auto socket = std::make_shared<Socket>(loop, std::move(fd), Blame::client);
    if (socket->is_open()) handler_(make_stream(std::move(socket)));
  }

  Descriptor fd_;
  const std::vector<Loop*> loops_;
  const Listener::Handler handler_;
  std::atomic<bool> stopped_ = false;
  std::size_t next_ = 0;
  asio::posix::stream_descriptor watched_;
  Alarm pause_;
};

class SocketListener final : public Listener {
 public:
  explicit SocketListener(std::shared_ptr<Acceptor> acceptor)
      : acceptor_(std::move(acceptor)), mailbox_(acceptor_->mailbox()), local_(local_of(acceptor_->fd())) {}
  ~SocketListener() override { stop(); }

  Address local() const override { return local_; }
  void stop() override {
    if (stopped_.exchange(true)) return;
    acceptor_->forbid();
    mailbox_->post([acceptor = acceptor_] { acceptor->close(); });
  }

 private:
  std::shared_ptr<Acceptor> acceptor_;
  std::shared_ptr<Mailbox> mailbox_;
  Address local_;
  std::atomic<bool> stopped_ = false;
};

Result<Descriptor> bind(const Address& at, const SystemAddress& address) {
  Descriptor fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int yes = 1, no = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (address.family() == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, at.host.empty() ? &no : &yes, sizeof no);
  if (!fd || ::bind(fd.get(), address.get(), address.size) != 0 || ::listen(fd.get(), backlog) != 0) {
    const Code code = errno == EADDRINUSE ? Code::conflict : Code::unavailable;
    return Error{
        code, Blame::gateway,
        fmt::format("cannot listen on {}: {}; choose another address or stop who has it", at.to_string(), std::strerror(errno))};
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::listen(Address at, std::vector<Loop*> loops, Handler handler) {
  NG_CHECK(!loops.empty());
  NG_TRY(std::vector<SystemAddress> addresses, look_up(at, Lookup::listen));
  if (at.host.empty()) {  // one socket for both families, if the system has IPv6
    std::sort(addresses.begin(), addresses.end(), [](const auto& a, const auto& b) { return a.family() > b.family(); });
    static_assert(AF_INET6 > AF_INET);
  }
  Result<Descriptor> bound =
      Error{Code::not_found, Blame::gateway, fmt::format("{} has no address to listen on", at.to_string())};
  for (const auto& address : addresses) {
    bound = bind(at, address);
    if (bound.ok()) break;
  }
  if (!bound.ok()) return std::move(bound).error();
  auto acceptor = std::make_shared<Acceptor>(std::move(bound).take(), std::move(loops), std::move(handler));
  acceptor->mailbox()->post([acceptor] { acceptor->start(); });
  return std::unique_ptr<Listener>(std::make_unique<SocketListener>(std::move(acceptor)));
}

}  // namespace narrowgate::net
