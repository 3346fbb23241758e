#include "net/readiness.h"

#include "base/log.h"
#include "net/socket.h"

namespace narrowgate::net {

Readiness::Readiness(asio::io_context& context) : set_(context) {
  Failure failure;
  set_.assign(::epoll_create1(EPOLL_CLOEXEC), failure);
  if (failure) log_error("no sockets can be watched", {{"reason", failure.message()}});
}

bool Readiness::add(int fd, Socket& socket) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &socket}};
  if (!set_.is_open() || ::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  if (!waiting_) wait();
  return true;
}

void Readiness::remove(int fd, const Socket& socket) {
  ::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
  for (std::size_t i = next_; i < count_; ++i)
    if (ready_[i].data.ptr == &socket) ready_[i].data.ptr = nullptr;
}

void Readiness::wait() {
  waiting_ = true;
  set_.async_wait(asio::posix::descriptor_base::wait_read, [this](const Failure& failure) {
    if (!failure) look();
  });
}

void Readiness::look() {
  const int found = ::epoll_wait(set_.native_handle(), ready_.data(), int(ready_.size()), 0);
  count_ = found > 0 ? std::size_t(found) : 0;
  for (next_ = 0; next_ < count_;) {
    const epoll_event& event = ready_[next_++];
    if (event.data.ptr != nullptr) static_cast<Socket*>(event.data.ptr)->became_ready(event.events);
  }
  count_ = 0;
  wait();
}

}  // namespace narrowgate::net
