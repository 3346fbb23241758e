// Registry: the grants and sessions that live in this process, so that access can be taken back with a number.
//
// Promises. Revocation is a rising epoch plus an entry: whatever matches and was issued before is dead, including a session that
// is still on its way in (enter() refuses it). A kill callback is called at most once per session, on the revoking thread and
// under no lock of the registry. Time limits count on the monotonic clock: a jumping wall clock prolongs nothing. Thread-safe.
//
// Not here: remembering revocations over a restart (store/), closing sockets (the session does that when it is killed).
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "grant/grant.h"
#include "grant/live.h"
#include "grant/revocation.h"

namespace narrowgate::grant {

// So many denials in so long suspend a task: an agent that keeps trying doors is not doing its work (security-model §3.1).
struct DenialBurst {
  unsigned count_max = 0;  // 0: never suspends
  std::chrono::milliseconds window = std::chrono::minutes(1);
};

struct Revoked {
  std::uint64_t epoch = 0;
  std::vector<SessionFacts> sessions;
  std::vector<std::string> tasks, grants;  // sorted: those that are now dead
  std::size_t upstreams_busy = 0;
  std::shared_ptr<Stop> stop;  // nullptr in a preview
};

class Registry {
 public:
  // `clock` outlives it, and it outlives its sessions.
  explicit Registry(const Clock& clock, DenialBurst burst = {}) : clock_(clock), burst_(burst) {}

  // ---- epoch: starts where the store says, before anything is issued; never goes back
  std::uint64_t epoch() const { return epoch_.load(std::memory_order_acquire); }
  void start_at(std::uint64_t epoch);

  // ---- grants and sessions
  // `grant.state` is active or pending. Refused if the agent is suspended, if a revocation after `grant.epoch` matches, or if its
  // time is over.
  Result<std::shared_ptr<LiveGrant>> issue(Grant grant);
  std::shared_ptr<LiveGrant> find(std::string_view grant) const;  // nullptr: not live here
  void close(std::string_view grant);                             // the task is done with it
  // Checks again, under the lock that revoke() takes: no session slips between a revocation and its kill. `kill` must not block
  // or call back into the registry (post to the session's loop); it is not running and never called once the LiveSession is
  // destroyed.
  Result<std::unique_ptr<LiveSession>> enter(std::string_view session, std::shared_ptr<LiveGrant> grant,
                                             std::function<void(const Kill&)> kill);
  std::vector<SessionFacts> sessions(const Selector& selector = {}) const;

  // ---- taking back
  Revoked preview(const Selector& selector) const;  // the same lists, and nothing happens
  // `epoch` as the store committed it; 0 takes the next one.
  Revoked revoke(const Selector& selector, std::string reason, KillCause cause = KillCause::revoked, std::uint64_t epoch = 0);
  // Agents that may start nothing until restored. Does not by itself stop what runs: revoke() does.
  void suspend_agent(std::string_view agent);
  void restore_agent(std::string_view agent);
  bool agent_suspended(std::string_view agent) const;
  // Suspended grants start nothing new; sessions stay. How many grants changed.
  std::size_t suspend(const Selector& selector);
  std::size_t resume(const Selector& selector);

  // ---- time and use
  // Ends the grants whose time is up and kills their sessions. Call about once a second.
  Revoked sweep();
  // Ends a grant whose budget is used up and kills its sessions.
  Revoked exhaust(std::string_view grant);
  // Counts a denial. True: this was one too many, and the task's grants are suspended now.
  bool denied(std::string_view task);

 private:
  friend class LiveSession;
  struct Revocation {
    Selector selector;
    std::uint64_t epoch;
    MonoTime accepted;
  };
  // Grants and sessions that one command concerns.
  struct Found {
    std::vector<std::shared_ptr<LiveGrant>> grants;
    std::vector<std::shared_ptr<SessionEntry>> entries;
  };
  // The caller of these holds mutex_.
  Result<Done> admissible(const SessionFacts& facts) const;
  void remember(const Selector& selector, std::uint64_t epoch, MonoTime now);
  Found find_all(const Selector& selector) const;
  void end(const Found& found, GrantEvent event);

  static Revoked report(const Found& found);
  Revoked stop(const Found& found, const Kill& why) const;  // mutex_ not held: this calls the sessions
  void leave(const SessionEntry& entry);

  const Clock& clock_;
  const DenialBurst burst_;
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<LiveGrant>, std::less<>> grants_;
  std::map<std::string, std::shared_ptr<SessionEntry>, std::less<>> sessions_;
  std::set<std::string, std::less<>> suspended_agents_;
  std::deque<Revocation> revocations_;                                // younger than the longest-lived grant
  std::uint64_t forgotten_epoch_ = 0;                                 // the latest one that is not in revocations_ any more
  std::map<std::string, std::deque<MonoTime>, std::less<>> denials_;  // by task, of live grants
};

}  // namespace narrowgate::grant
