#include "grant/revocation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace narrowgate::grant {
namespace {
constexpr std::array kTargets{Target::agent,   Target::task,   Target::grant, Target::resource,
                              Target::session, Target::person, Target::all};
}

std::string_view to_string(Target target) {
  switch (target) {
    case Target::agent: return "agent";
    case Target::task: return "task";
    case Target::grant: return "grant";
    case Target::resource: return "resource";
    case Target::session: return "session";
    case Target::person: return "person";
    case Target::all: return "all";
  }
  return "unknown";
}

Result<Target> target_from(std::string_view text) {
  for (const Target target : kTargets)
    if (to_string(target) == text) return target;
  return Error{Code::malformed, Blame::client,
               fmt::format("\"{}\" cannot be revoked; name an agent, task, grant, resource, session, person, or all", text)};
}

std::string to_string(const Selector& selector) {
  return selector.target == Target::all ? "everything" : fmt::format("{} {}", to_string(selector.target), selector.name);
}

bool matches(const Selector& selector, const SessionFacts& facts) {
  if (selector.target != Target::all && selector.name.empty()) return false;
  switch (selector.target) {
    case Target::agent: return facts.agent == selector.name;
    case Target::task: return facts.task == selector.name;
    case Target::grant: return facts.grant == selector.name;
    case Target::resource: return facts.resource == selector.name;
    case Target::session: return facts.session == selector.name;
    case Target::person: return facts.owner == selector.name || facts.on_behalf_of == selector.name;
    case Target::all: return true;
  }
  return true;  // Fails closed: what we cannot read matches.
}

std::string_view to_string(KillCause cause) {
  switch (cause) {
    case KillCause::revoked: return "revoked";
    case KillCause::suspended: return "suspended";
    case KillCause::expired: return "expired";
    case KillCause::exhausted: return "exhausted";
    case KillCause::policy_changed: return "policy changed";
    case KillCause::shutdown: return "shutdown";
  }
  return "unknown";
}

StopProgress Stop::wait(std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, at_most, [this] { return complete(); });
  return progress_;
}

StopProgress Stop::progress() const {
  const std::scoped_lock lock(mutex_);
  return progress_;
}

void Stop::on_complete(std::function<void(const StopProgress&)> then) {
  std::unique_lock lock(mutex_);
  then_ = std::move(then);
  settle(std::move(lock));
}

void Stop::told(bool upstream_busy) {
  const std::scoped_lock lock(mutex_);
  progress_.sessions += 1;
  progress_.upstreams_busy += upstream_busy ? 1 : 0;
}

void Stop::all_told() {
  std::unique_lock lock(mutex_);
  all_told_ = true;
  settle(std::move(lock));
}

void Stop::client_closed() {
  std::unique_lock lock(mutex_);
  progress_.clients_closed += 1;
  progress_.client_slowest = std::max<Duration>(progress_.client_slowest, clock_.mono() - accepted_);
  settle(std::move(lock));
}

void Stop::upstream_cancelled() {
  std::unique_lock lock(mutex_);
  progress_.upstreams_cancelled += 1;
  progress_.upstream_slowest = std::max<Duration>(progress_.upstream_slowest, clock_.mono() - accepted_);
  settle(std::move(lock));
}

void Stop::settle(std::unique_lock<std::mutex> lock) {
  if (!complete()) return;
  const auto then = std::exchange(then_, nullptr);
  const auto progress = progress_;
  lock.unlock();
  changed_.notify_all();
  if (then) then(progress);
}

}  // namespace narrowgate::grant
