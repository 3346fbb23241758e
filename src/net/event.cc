#include "net/alarm.h"
#include "net/loop.h"
#include "net/loop_impl.h"

namespace narrowgate::net {

struct Event::Impl : std::enable_shared_from_this<Event::Impl> {
  explicit Impl(Loop& on) : loop(on.impl()) {}

  Loop::Impl& loop;
  bool set = false;
  bool posted = false;  // a wake-up is on its way
  std::coroutine_handle<> waiter;
  std::optional<Alarm> alarm;  // made by the first wait with a deadline

  void wake() {
    if (waiter) std::exchange(waiter, {}).resume();
  }

  void arm(MonoTime at) {
    if (at == MonoTime::max()) return;
    if (!alarm) alarm.emplace(loop.context, [this] { wake(); });
    alarm->set(at, weak_from_this());
  }

  void post_wake() {
    if (posted || !waiter) return;
    posted = true;
    asio::post(loop.context, [weak = weak_from_this()] {
      const auto event = weak.lock();
      if (!event) return;
      event->posted = false;
      if (event->set) event->wake();
    });
  }
};

namespace {

// Waits inside a coroutine that may be destroyed here; the destructor then takes it out of everybody's hands.
template <class Impl>
struct Wait {
  Impl& event;
  MonoTime until;

  ~Wait() {
    event.waiter = {};
    if (event.alarm) event.alarm->unset();
  }
  bool await_ready() const { return event.set; }
  void await_suspend(std::coroutine_handle<> waiter) {
    NG_CHECK(!event.waiter);
    event.waiter = waiter;
    event.arm(until);
  }
  Wake await_resume() { return std::exchange(event.set, false) ? Wake::fired : Wake::timed_out; }
};

}  // namespace

Event::Event(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}
Event::Event(Event&&) noexcept = default;
Event::~Event() = default;

void Event::set() {
  impl_->set = true;
  impl_->post_wake();
}

bool Event::is_set() const { return impl_->set; }

Task<Wake> Event::wait(Duration at_most) {
  const std::shared_ptr<Impl> event = impl_;
  NG_CHECK(!event->waiter);
  const MonoTime until = at_most == Duration::max() || event->set ? MonoTime::max() : deadline_after(at_most);
  Wait<Impl> wait{*event, until};
  co_return co_await wait;
}

Task<void> sleep_for(Loop& loop, Duration duration) {
  Event never(loop);
  (void)co_await never.wait(duration);
}

}  // namespace narrowgate::net
