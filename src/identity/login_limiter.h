// Failed logins per name: after a few, the name must wait, and longer each time.
//
// By name and not by address, because addresses are cheap; the wait is short enough that locking somebody out costs an attacker
// constant work, and a correct session or token is not affected. From any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace narrowgate::identity {

inline constexpr unsigned login_failures_max = 5;     // then the name waits …
inline constexpr std::chrono::minutes login_wait{1};  // … this long, doubling with each further failure
inline constexpr std::chrono::minutes login_wait_max{15};
inline constexpr std::size_t login_names_remembered_max = 10'000;  // names of strangers, so bounded; the oldest waits go first

class LoginLimiter {
 public:
  // How long this name must wait before it may try; zero: now.
  Duration wait(std::string_view name, MonoTime now);
  void failed(std::string_view name, MonoTime now);
  void succeeded(std::string_view name);

 private:
  struct Failures {
    unsigned count = 0;
    MonoTime until{};
    MonoTime last{};
  };
  void make_room(MonoTime now);
  std::mutex mutex_;
  std::map<std::string, Failures, std::less<>> failures_;
};

}  // namespace narrowgate::identity
