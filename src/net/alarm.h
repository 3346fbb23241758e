// A deadline that is moved far more often than it is reached.
//
// Moving it later costs nothing: the timer underneath rings at the old time, sees that it is early and goes on. So an exchange
// with a deadline on every step makes no system call for it.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "net/asio.h"

namespace narrowgate::net {

class Alarm {
 public:
  Alarm(asio::io_context& context, std::function<void()> ring) : timer_(context), ring_(std::move(ring)) {}

  // Rings once at `at` unless moved or unset. `owner` owns this alarm; once it is gone nothing rings.
  void set(MonoTime at, const std::weak_ptr<void>& owner);
  void unset() { at_ = MonoTime::max(); }

 private:
  void start(const std::weak_ptr<void>& owner);
  void rang(const std::weak_ptr<void>& owner);

  asio::steady_timer timer_;
  std::function<void()> ring_;
  MonoTime at_ = MonoTime::max();      // wanted
  MonoTime set_to_ = MonoTime::max();  // what the timer is set to; max: it is not running
  unsigned turn_ = 0;                  // tells a timer that was moved from the one that replaced it
};

// `at_most` from now; max means never.
inline MonoTime deadline_after(Duration at_most) {
  const MonoTime now = std::chrono::steady_clock::now();
  return at_most < MonoTime::max() - now ? now + at_most : MonoTime::max();
}

}  // namespace narrowgate::net
