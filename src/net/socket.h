// A socket and the two coroutines that may wait on it: one reading, one writing.
//
// Which of them waits for what is kept apart, since under TLS a reader may have to wait until it can write and the other way
// round. The loop is only asked about readiness; bytes move by transport.cc. So whatever a waiting coroutine lends is never in
// the kernel's hands, and its frame may be destroyed at any time.
//
// Readiness is told once, when it begins (readiness.h): wait only after a try found nothing, or found less than it asked for.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "net/alarm.h"
#include "net/descriptor.h"
#include "net/loop_impl.h"
#include "net/stream.h"
#include "net/tls_session.h"

namespace narrowgate::net {

enum class Ready : std::uint8_t { to_read, to_write };

class Socket : public std::enable_shared_from_this<Socket> {
 public:
  // `fd` is connected or connecting, and non-blocking. Errors blame `peer_blame`.
  Socket(Loop& loop, Descriptor fd, Blame peer_blame);
  ~Socket();

  Loop& loop() { return loop_; }
  int fd() const { return fd_.get(); }
  bool is_open() const { return bool(fd_); }
  Blame blame() const { return blame_; }
  void close();
  // Whoever waits to read tries, after everybody else on the loop had a turn.
  void readable_later();
  void became_ready(std::uint32_t events);  // for the loop: what epoll says

  // One side's place to wait. The reader's or the writer's, whatever it waits for.
  class Side {
   public:
    explicit Side(asio::io_context& context);
    bool waits() const { return bool(waiter_); }

   private:
    friend class Socket;
    void wake() {
      if (waiter_) std::exchange(waiter_, {}).resume();
    }
    std::coroutine_handle<> waiter_;
    Ready for_ = Ready::to_read;
    Wake outcome_ = Wake::fired;
    Alarm alarm_;
  };

  // co_await it. Wake::fired may be premature: try, and wait again.
  class Wait {
   public:
    Wait(Socket& socket, Side& side, Ready what, MonoTime until) : socket_(socket), side_(side), for_(what), until_(until) {}
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
    ~Wait();
    bool await_ready() const { return !socket_.is_open() || socket_.take_news(for_); }
    void await_suspend(std::coroutine_handle<> waiter);
    Wake await_resume() const { return std::exchange(side_.outcome_, Wake::fired); }

   private:
    Socket& socket_;
    Side& side_;
    Ready for_;
    MonoTime until_;
  };

  Side reading, writing;
  bool drained = false;             // the last read took all there was
  unsigned reads_in_a_row = 0;      // without a wait in between
  bool write_broken = false;        // a write ended in the middle
  std::unique_ptr<TlsSession> tls;  // null: plain

 private:
  bool take_news(Ready what);
  void fire(Ready what);

  Loop& loop_;
  Descriptor fd_;
  const Blame blame_;
  std::array<bool, 2> news_{};  // it became so while nobody waited for it
  std::array<bool, 2> over_{};  // nothing more will come, or go: no use in waiting
};

// A stream over a connected socket. For connect and listen.
std::unique_ptr<Stream> make_stream(std::shared_ptr<Socket> socket);

}  // namespace narrowgate::net
