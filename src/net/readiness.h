// Which sockets of a loop have become readable or writable: one epoll set, which a socket enters once, edge-triggered.
//
// The I/O library arms each wait anew, a system call for each. Here only the set itself is waited for that way, and one such wait
// serves all sockets that became ready in the meantime. Being edge-triggered, it speaks only of changes: whoever waits must have
// seen the socket empty or full before (socket.h).
#pragma once

#include <sys/epoll.h>

#include <array>

#include "net/asio.h"

namespace narrowgate::net {

class Socket;

class Readiness {
 public:
  explicit Readiness(asio::io_context& context);

  bool add(int fd, Socket& socket);  // false: the system can watch no more
  void remove(int fd, const Socket& socket);

 private:
  static constexpr std::size_t ready_at_once_max = 128;  // then others on the loop get a turn

  void wait();
  void look();

  asio::posix::stream_descriptor set_;  // epoll's own descriptor, which can be read when it has news
  bool waiting_ = false;
  std::array<epoll_event, ready_at_once_max> ready_{};  // those after next_ are still to be told
  std::size_t count_ = 0, next_ = 0;
};

}  // namespace narrowgate::net
