// Which task a connection is for: the one its agent is about already, or a new one.
//
// Connections of one agent for the same piece of work share a task and its grant. Limits, approvals and denials then count for
// the work, and neither a pool of connections nor connecting anew is a way around them. A task outlives its last connection for
// as long as its template says, so that an agent that runs one command after another stays in it.
//
// Promises: thread-safe; of several connections that begin the same work at once, one declares the task and the others join it.
// Not here: what the task may do (admit.h), taking it back (grant/registry.h).
#pragma once

#include <compare>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "grant/live.h"
#include "grant/task.h"
#include "policy/engine.h"

namespace narrowgate::session {

// What makes two connections one piece of work.
struct Work {
  std::string agent{}, issuer{}, subject{}, instance{}, on_behalf_of{};
  int assurance = 0;
  std::string task_template{}, reason{}, ticket{}, resource{}, database{};
  std::string policies{};  // their version: under other policies it is decided anew
  auto operator<=>(const Work&) const = default;
};

// A task under way on one resource.
struct LiveTask {
  grant::Task task;
  std::shared_ptr<grant::LiveGrant> grant;
  grant::Scope asked;  // before policy had its say
  std::shared_ptr<const policy::PolicySet> policies;
  std::shared_ptr<const policy::Slice> slice;
};

class LiveTasks {
 public:
  explicit LiveTasks(const Clock& clock) : clock_(clock) {}

  using Begun = std::variant<LiveTask, Denial>;

  // The task of this work, with one more connection; nullopt if none is under way.
  std::optional<LiveTask> join(const Work& work);
  // The same, or what `begin` makes. One begins at a time, so it may block.
  Result<Begun> join_or_begin(const Work& work, const std::function<Result<Begun>()>& begin);
  // One connection less. True: nobody will come back to it, and it ends now.
  bool leave(const Work& work, const grant::LiveGrant& grant, Duration linger);

  // Those that nobody came back to, and that are forgotten by this.
  std::vector<LiveTask> take_left();

 private:
  struct Entry {
    LiveTask task;
    std::size_t connections = 0;
    MonoTime ends = MonoTime::max();  // without a connection
  };
  bool is_over(const LiveTask& task) const;

  const Clock& clock_;
  std::mutex beginning_;  // taken before mutex_
  std::mutex mutex_;
  std::map<Work, Entry> tasks_;
};

}  // namespace narrowgate::session
