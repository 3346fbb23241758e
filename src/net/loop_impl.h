// The inside of a Loop, and what may be held of it by those who may outlive it.
#pragma once

#include <atomic>
#include <mutex>

#include "net/asio.h"
#include "net/loop.h"
#include "net/readiness.h"

namespace narrowgate::net {

// Posts to a loop that may be gone; then the work is dropped.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context& context) : context_(&context) {}
  bool post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (context_) asio::post(*context_, std::move(work));
    return context_ != nullptr;
  }
  void close() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

 private:
  std::mutex mutex_;
  asio::io_context* context_;
};

struct Spawned;  // one spawned coroutine; a link of the list below

struct Loop::Impl {
  // One thread does all the I/O; only post() comes from others.
  asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Readiness readiness{context};
  std::shared_ptr<Mailbox> mailbox = std::make_shared<Mailbox>(context);
  Spawned* newest = nullptr;
  std::atomic<std::size_t> spawned{0};
  bool stopping = false;

  void stop_if_done();
};

}  // namespace narrowgate::net
