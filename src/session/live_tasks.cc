#include "session/live_tasks.h"

namespace narrowgate::session {
// A task that has used up its budget is not over before its time: nobody begins the same work with a budget anew.
// By either clock: one that jumps ahead ends tasks early, one that jumps back prolongs nothing.
bool LiveTasks::is_over(const LiveTask& task) const {
  const grant::GrantState state = task.grant->state();
  if (clock_.mono() >= task.grant->ends() || clock_.wall() >= task.task.not_after) return true;
  if (state == grant::GrantState::exhausted) return false;
  return grant::is_final(state) || task.grant->over(clock_.mono());
}

std::optional<LiveTask> LiveTasks::join(const Work& work) {
  const std::lock_guard lock(mutex_);
  const auto found = tasks_.find(work);
  if (found == tasks_.end() || is_over(found->second.task)) return std::nullopt;
  ++found->second.connections;
  found->second.ends = MonoTime::max();
  return found->second.task;
}

Result<LiveTasks::Begun> LiveTasks::join_or_begin(const Work& work, const std::function<Result<Begun>()>& begin) {
  const std::lock_guard one(beginning_);
  if (auto joined = join(work)) return Begun(*std::move(joined));
  NG_TRY(Begun begun, begin());
  const auto* task = std::get_if<LiveTask>(&begun);
  if (task == nullptr) return begun;
  const std::lock_guard lock(mutex_);
  tasks_.insert_or_assign(work, Entry{*task, 1, MonoTime::max()});  // one that is over is left to its own connections
  return begun;
}

bool LiveTasks::leave(const Work& work, const grant::LiveGrant& grant, Duration linger) {
  const std::lock_guard lock(mutex_);
  const auto found = tasks_.find(work);
  if (found == tasks_.end() || found->second.task.grant.get() != &grant) return true;
  if (grant.state() == grant::GrantState::exhausted) return --found->second.connections, true;  // the entry stays
  const bool over = is_over(found->second.task);
  if (--found->second.connections > 0) return over;
  if (!over && grant.state() == grant::GrantState::suspended) return false;  // it waits for its end, not for a while
  if (!over && linger.count() > 0) {
    found->second.ends = clock_.mono() + linger;
    return false;
  }
  tasks_.erase(found);
  return true;
}

std::vector<LiveTask> LiveTasks::take_left() {
  std::vector<LiveTask> out;
  const std::lock_guard lock(mutex_);
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    Entry& entry = it->second;
    const bool left = entry.connections == 0 && (clock_.mono() >= entry.ends || is_over(entry.task));
    if (left) out.push_back(std::move(entry.task));
    it = left ? tasks_.erase(it) : std::next(it);
  }
  return out;
}

}  // namespace narrowgate::session
