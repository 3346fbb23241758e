#include "identity/login_limiter.h"

#include <algorithm>

namespace narrowgate::identity {
namespace {

constexpr std::size_t name_bytes_kept = 64;
std::string_view key_of(std::string_view name) { return name.substr(0, name_bytes_kept); }

}  // namespace

Duration LoginLimiter::wait(std::string_view name, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key_of(name));
  if (found == failures_.end() || found->second.until <= now) return Duration::zero();
  return found->second.until - now;
}

void LoginLimiter::failed(std::string_view name, MonoTime now) {
  const std::lock_guard lock(mutex_);
  if (failures_.size() >= login_names_remembered_max) make_room(now);
  auto& failures = failures_[std::string(key_of(name))];
  failures.last = now;
  if (++failures.count < login_failures_max) return;
  const unsigned doublings = std::min(failures.count - login_failures_max, 10u);
  failures.until = now + std::min<Duration>(login_wait * (1 << doublings), login_wait_max);
}

void LoginLimiter::succeeded(std::string_view name) {
  const std::lock_guard lock(mutex_);
  if (const auto found = failures_.find(key_of(name)); found != failures_.end()) failures_.erase(found);
}

// Whoever waits no longer is forgotten; if all wait, the one who has waited longest.
void LoginLimiter::make_room(MonoTime now) {
  std::erase_if(failures_, [now](const auto& entry) { return entry.second.last + login_wait_max <= now; });
  if (failures_.size() < login_names_remembered_max) return;
  const auto oldest = std::min_element(failures_.begin(), failures_.end(),
                                       [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
  failures_.erase(oldest);
}

}  // namespace narrowgate::identity
