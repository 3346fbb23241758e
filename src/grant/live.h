// The living: a grant and a session while they are in use in this process. Made by the Registry only.
//
// What a request needs (may_operate, touch, charge, upstream_busy) takes no lock.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "grant/grant.h"
#include "grant/revocation.h"

namespace narrowgate::grant {

enum class Spent : std::uint8_t { within, exhausted };

// Shared by the registry and the grant's sessions. Thread-safe.
class LiveGrant {
 public:
  LiveGrant(Grant grant, MonoTime now, MonoTime ends);

  const Grant& grant() const { return grant_; }  // as issued; its state now is state()
  GrantState state() const { return state_.load(std::memory_order_acquire); }
  MonoTime ends() const { return ends_; }
  // May a new operation start now?
  bool may_operate(MonoTime now) const { return state() == GrantState::active && !over(now); }
  bool over(MonoTime now) const { return now >= ends_ || now >= idle_ends(); }
  void touch(MonoTime now) { last_use_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }

  // Counts what was used. `exhausted` once the budget is used up: nothing more may start; tell Registry::exhaust().
  struct Use {
    std::uint64_t rows_read = 0, rows_written = 0, bytes = 0, uses = 0;
    std::chrono::nanoseconds time{0};
  };
  Spent charge(const Use& use);
  Budget used() const;  // every member set
  Budget left() const;  // of those that the budget has

  // Moves along grant_transitions(). False: that cannot happen to it any more, or somebody else was first.
  bool apply(GrantEvent event);

 private:
  MonoTime idle_ends() const;
  bool spent() const;

  const Grant grant_;
  const bool budgeted_;  // most are not, and are asked often
  const MonoTime ends_;
  std::atomic<GrantState> state_;
  std::atomic<MonoTime::rep> last_use_;
  std::atomic<std::uint64_t> rows_read_{0}, rows_written_{0}, bytes_{0}, uses_{0};
  std::atomic<std::int64_t> time_ns_{0};
  std::chrono::milliseconds time() const;
};

// What the registry knows of one session. Outlives the session for as long as somebody is still stopping it.
class SessionEntry {
 public:
  SessionEntry(SessionFacts facts, std::shared_ptr<LiveGrant> grant, std::function<void(const Kill&)> kill);

  const SessionFacts& facts() const { return facts_; }
  const std::shared_ptr<LiveGrant>& grant() const { return grant_; }
  bool busy() const { return busy_.load(std::memory_order_acquire); }
  bool killed() const { return killed_.load(std::memory_order_acquire); }

  void upstream_busy(bool busy);
  void client_closed();
  void upstream_cancelled();
  void leave();  // closed, idle, and never called again
  // Calls the session's callback, unless it was killed before or has left. `stop` waits for it in any case.
  void kill(const Kill& why, const std::shared_ptr<Stop>& stop);

 private:
  const SessionFacts facts_;
  const std::shared_ptr<LiveGrant> grant_;
  std::atomic<bool> busy_{false}, killed_{false};
  std::mutex mutex_;  // orders kill() against leave()
  std::function<void(const Kill&)> kill_;
  struct Waiting {
    std::shared_ptr<Stop> stop;
    bool for_upstream;
  };
  std::vector<Waiting> stops_;  // every command that wants it gone
  bool client_open_ = true;
};

class Registry;

// The session's own end of its entry. Destroying it says that the client is closed and nothing runs upstream.
class LiveSession {
 public:
  LiveSession(Registry& registry, std::shared_ptr<SessionEntry> entry) : registry_(registry), entry_(std::move(entry)) {}
  ~LiveSession();
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  const SessionFacts& facts() const { return entry_->facts(); }
  LiveGrant& grant() const { return *entry_->grant(); }
  bool killed() const { return entry_->killed(); }
  // Is a request running upstream? A stop waits for the cancellation of those that are. From the session's loop only.
  void upstream_busy(bool busy) { entry_->upstream_busy(busy); }
  void client_closed() { entry_->client_closed(); }            // its socket is closed
  void upstream_cancelled() { entry_->upstream_cancelled(); }  // what ran there is known to have ended

 private:
  Registry& registry_;
  const std::shared_ptr<SessionEntry> entry_;
};

}  // namespace narrowgate::grant
