#include "net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

namespace narrowgate::net {
namespace {

constexpr std::size_t drained_at_close_max = 64 * 1024;  // somebody who sends more than this after our last words may lose them

// Closing with bytes unread makes the kernel send RST, which can overtake what we said last.
void read_off(int fd) {
  std::array<Byte, 4096> nowhere;
  for (std::size_t total = 0; total < drained_at_close_max; total += nowhere.size()) {
    if (::recv(fd, nowhere.data(), nowhere.size(), MSG_DONTWAIT) <= 0) return;
  }
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Socket::Socket(Loop& loop, Descriptor fd, Blame peer_blame)
    : reading(loop.impl().context), writing(loop.impl().context), loop_(loop), watched_(loop.impl().context), blame_(peer_blame) {
  Failure failure;
  watched_.assign(fd.get(), failure);
  if (failure) return;  // the loop can watch no more descriptors; this one is simply not open
  fd.release();
  watched_.non_blocking(true, failure);
}

Socket::Side::Side(asio::io_context& context)
    : alarm_(context, [this] {
        outcome_ = Wake::timed_out;
        wake();
      }) {}

void Socket::close() {
  if (!is_open()) return;
  if (tls && !write_broken) tls->say_goodbye();
  ::shutdown(fd(), SHUT_WR);
  read_off(fd());
  Failure ignored;
  watched_.close(ignored);  // completes what watches, which wakes the waiters
}

void Socket::watch(Ready what) {
  bool& watching = watching_[std::size_t(what)];
  if (std::exchange(watching, true)) return;
  const auto kind = what == Ready::to_read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write;
  watched_.async_wait(kind, [weak = weak_from_this(), what](const Failure&) {
    if (const auto socket = weak.lock()) socket->fire(what);
  });
}

void Socket::fire(Ready what) {
  watching_[std::size_t(what)] = false;
  for (Side* side : {&writing, &reading}) {
    if (side->waiter_ && side->for_ == what) side->wake();
  }
}

void Socket::Wait::await_suspend(std::coroutine_handle<> waiter) {
  NG_CHECK(!side_.waiter_);  // two readers, or two writers
  side_.waiter_ = waiter;
  side_.for_ = for_;
  side_.outcome_ = Wake::fired;
  socket_.watch(for_);
  if (until_ != MonoTime::max()) side_.alarm_.set(until_, socket_.weak_from_this());
}

Socket::Wait::~Wait() {
  side_.waiter_ = {};
  side_.alarm_.unset();
}

}  // namespace narrowgate::net
