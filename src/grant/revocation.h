// Taking access back: what is to stop, why, and a latch that says when it has.
//
// The numbers are the point (security-model §3.14): a command is accepted, each client's socket closes, each upstream's work
// ends, and StopProgress has the count and the slowest of both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::grant {

enum class Target : std::uint8_t { agent, task, grant, resource, session, person, all };
std::string_view to_string(Target target);
Result<Target> target_from(std::string_view text);

struct Selector {
  Target target = Target::all;
  std::string name;  // an agent's name, tsk_…, grt_…, a resource, ses_…, a person; unused for all
  friend bool operator==(const Selector&, const Selector&) = default;
};
std::string to_string(const Selector& selector);  // "agent refund-bot", "everything"

// Everything a grant or session can be found by.
struct SessionFacts {
  std::string session;  // empty when this speaks of a grant
  std::string grant, task, agent, resource;
  std::string owner, on_behalf_of;  // persons
  std::uint64_t epoch = 0;          // of the grant, at issue
};
bool matches(const Selector& selector, const SessionFacts& facts);

enum class KillCause : std::uint8_t { revoked, suspended, expired, exhausted, policy_changed, shutdown };
std::string_view to_string(KillCause cause);

struct Kill {
  KillCause cause = KillCause::revoked;
  std::string reason;       // the operator's words, for records; never sent to the client
  std::uint64_t epoch = 0;  // 0: not a revocation
  MonoTime accepted;        // when the command was taken: latencies count from here
};

struct StopProgress {
  std::size_t sessions = 0;                                 // were told to stop
  std::size_t clients_closed = 0;                           // … and have closed their client
  std::size_t upstreams_busy = 0, upstreams_cancelled = 0;  // had something running; … and it has ended
  Duration client_slowest{0}, upstream_slowest{0};          // since the command was accepted
  bool complete() const { return clients_closed == sessions && upstreams_cancelled == upstreams_busy; }
};

// Shared by the command that stops and the sessions it waits for. Thread-safe.
class Stop {
 public:
  // `clock` outlives it.
  Stop(MonoTime accepted, const Clock& clock) : accepted_(accepted), clock_(clock) {}

  // Waits until all have stopped, or that long. Call from a thread that no session needs.
  StopProgress wait(std::chrono::milliseconds at_most) const;
  StopProgress progress() const;
  // Called once, when complete, on the thread that completed it (at once, if it already is). Replaces an earlier one.
  void on_complete(std::function<void(const StopProgress&)> then);

  // For those who are stopped.
  void told(bool upstream_busy);  // one more session was told to stop
  void all_told();                // nobody will be added any more
  void client_closed();
  void upstream_cancelled();

 private:
  void settle(std::unique_lock<std::mutex> lock);
  bool complete() const { return all_told_ && progress_.complete(); }

  const MonoTime accepted_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  StopProgress progress_;
  bool all_told_ = false;
  std::function<void(const StopProgress&)> then_;
};

}  // namespace narrowgate::grant
