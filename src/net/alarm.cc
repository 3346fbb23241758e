#include "net/alarm.h"

namespace narrowgate::net {

void Alarm::set(MonoTime at, const std::weak_ptr<void>& owner) {
  at_ = at;
  if (at_ < set_to_) start(owner);
}

void Alarm::start(const std::weak_ptr<void>& owner) {
  set_to_ = at_;
  timer_.expires_at(at_);
  timer_.async_wait([this, owner, turn = ++turn_](const Failure&) {
    const auto alive = owner.lock();
    if (alive && turn == turn_) rang(owner);
  });
}

void Alarm::rang(const std::weak_ptr<void>& owner) {
  set_to_ = MonoTime::max();
  if (at_ == MonoTime::max()) return;
  if (std::chrono::steady_clock::now() < at_) return start(owner);
  at_ = MonoTime::max();
  ring_();
}

}  // namespace narrowgate::net
