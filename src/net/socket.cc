#include "net/socket.h"

#include <sys/epoll.h>
#include <sys/socket.h>

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

Socket::Socket(Loop& loop, Descriptor fd, Blame peer_blame)
    : reading(loop.impl().context), writing(loop.impl().context), loop_(loop), blame_(peer_blame) {
  // If the loop can watch no more, this one is simply not open.
  if (loop.impl().readiness.add(fd.get(), *this)) fd_ = std::move(fd);
}

Socket::~Socket() {
  if (is_open()) loop_.impl().readiness.remove(fd(), *this);
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
  loop_.impl().readiness.remove(fd(), *this);
  Descriptor closes = std::move(fd_);
  asio::post(loop_.impl().context, [weak = weak_from_this()] {
    if (const auto socket = weak.lock()) socket->became_ready(EPOLLHUP);
  });
}

void Socket::readable_later() {
  asio::post(loop_.impl().context, [weak = weak_from_this()] {
    if (const auto socket = weak.lock()) socket->fire(Ready::to_read);
  });
}

void Socket::became_ready(std::uint32_t events) {
  const bool ended = (events & (EPOLLHUP | EPOLLERR)) != 0;
  const auto alive = shared_from_this();  // whoever is woken may let go of it
  over_[std::size_t(Ready::to_read)] |= ended || (events & EPOLLRDHUP) != 0;
  over_[std::size_t(Ready::to_write)] |= ended;
  if ((events & EPOLLOUT) != 0 || ended) fire(Ready::to_write);
  if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 || ended) fire(Ready::to_read);
}

bool Socket::take_news(Ready what) {
  const bool news = std::exchange(news_[std::size_t(what)], false);
  return news || over_[std::size_t(what)];
}

void Socket::fire(Ready what) {
  bool heard = false;
  for (Side* side : {&writing, &reading}) {
    if (!side->waiter_ || side->for_ != what) continue;
    heard = true;
    side->wake();
  }
  news_[std::size_t(what)] = !heard;
}

void Socket::Wait::await_suspend(std::coroutine_handle<> waiter) {
  NG_CHECK(!side_.waiter_);  // two readers, or two writers
  side_.waiter_ = waiter;
  side_.for_ = for_;
  side_.outcome_ = Wake::fired;
  if (until_ != MonoTime::max()) side_.alarm_.set(until_, socket_.weak_from_this());
}

Socket::Wait::~Wait() {
  side_.waiter_ = {};
  side_.alarm_.unset();
}

}  // namespace narrowgate::net
