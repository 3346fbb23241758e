#include "net/loop.h"

#include <fmt/format.h>

#include <csignal>

#include "base/log.h"
#include "net/loop_impl.h"

namespace narrowgate::net {
namespace {

thread_local Loop::Impl* running_here = nullptr;

void ignore_broken_pipes() {
  // OpenSSL writes with write(2), which has no MSG_NOSIGNAL.
  static const bool once = (std::signal(SIGPIPE, SIG_IGN), true);
  (void)once;
}

}  // namespace

// A spawned coroutine owns its task and frees itself at its end. Its promise is the link in the loop's list.
struct Spawned {
  struct promise_type;
  std::coroutine_handle<promise_type> self;
  Loop::Impl& loop;
  Spawned *older, *newer = nullptr;

  Spawned(std::coroutine_handle<promise_type> handle, Loop::Impl& owner) : self(handle), loop(owner), older(owner.newest) {
    if (older) older->newer = this;
    loop.newest = this;
  }
  Spawned(const Spawned&) = delete;
  Spawned& operator=(const Spawned&) = delete;
  ~Spawned() {
    (newer ? newer->older : loop.newest) = older;
    if (older) older->newer = newer;
    --loop.spawned;
    loop.stop_if_done();
  }
};

namespace {
struct Started {
  using promise_type = Spawned::promise_type;
};
}  // namespace

struct Spawned::promise_type {
  Spawned link;
  promise_type(Loop::Impl& loop, Task<void>&) : link(std::coroutine_handle<promise_type>::from_promise(*this), loop) {}
  Started get_return_object() { return {}; }
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() {
    try {
      throw;
    } catch (const std::exception& thrown) {
      log_error("task threw", {{"what", thrown.what()}});
    } catch (...) {
      log_error("task threw", {{"what", "not a std::exception"}});
    }
    NG_CHECK(!"an exception left a spawned task");
  }
};

namespace {
Started drive(Loop::Impl&, Task<void> task) { co_await task; }
}  // namespace

void Loop::Impl::stop_if_done() {
  if (stopping && spawned == 0) context.stop();
}

Loop::Loop() : impl_(std::make_unique<Impl>()) { ignore_broken_pipes(); }

Loop::~Loop() {
  NG_CHECK(running_here != impl_.get());
  impl_->mailbox->close();
  while (impl_->newest) impl_->newest->self.destroy();
}

void Loop::run() {
  NG_CHECK(running_here == nullptr);  // one loop per thread, and never one inside another
  running_here = impl_.get();
  {
    const auto stay = asio::make_work_guard(impl_->context);
    impl_->context.restart();
    impl_->context.run();
  }
  impl_->stopping = false;
  running_here = nullptr;
}

void Loop::stop() {
  post([impl = impl_.get()] {
    impl->stopping = true;
    impl->stop_if_done();
  });
}

void Loop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

bool Loop::on_this_thread() const { return running_here == impl_.get(); }

void Loop::spawn(Task<void> task) {
  ++impl_->spawned;
  if (on_this_thread()) {
    drive(*impl_, std::move(task));
    return;
  }
  asio::post(impl_->context, [impl = impl_.get(), later = std::move(task)]() mutable { drive(*impl, std::move(later)); });
}

std::size_t Loop::spawned() const { return impl_->spawned; }

}  // namespace narrowgate::net
