// For tests: a clock that stands still until it is told to go on. Thread-safe.
#pragma once

#include <atomic>

#include "base/clock.h"

namespace narrowgate {

class FakeClock final : public Clock {
 public:
  FakeClock() = default;
  FakeClock(const FakeClock& other) : passed_(other.passed_.load()), jumped_(other.jumped_.load()) {}  // as it stands

  WallTime wall() const override {
    return WallTime{std::chrono::seconds(1'795'348'800)} + Duration(passed_.load() + jumped_.load());
  }
  MonoTime mono() const override { return MonoTime{std::chrono::hours(1)} + Duration(passed_.load()); }
  void pass(Duration by) { passed_ += by.count(); }
  void jump(Duration by) { jumped_ += by.count(); }  // the wall clock alone

 private:
  std::atomic<Duration::rep> passed_{0}, jumped_{0};
};

}  // namespace narrowgate
