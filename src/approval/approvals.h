// Approvals: operations on hold, and who may release them.
//
// Promises. An approval is bound to a digest of the exact operation and is taken at most as often as people agreed to, whatever
// runs at the same time or crashes in between: each step is one compare-and-swap in the store. Nobody releases what they own or
// asked for. What a person denied stays denied for limits::denial_remembered, through a new connection too. Expiry survives a
// wall clock that jumps back. Errors deny: every Code other than success means "do not run".
//
// Thread-safe; all calls block on the store (call from a pool), except subscribe().
//
// Not here: what needs approval (policy), telling people (notifiers subscribe), checking the operation again at execution (the
// protocol does, inside its transaction).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "approval/approval.h"
#include "base/clock.h"
#include "base/limits.h"
#include "grant/revocation.h"
#include "store/approvals.h"

namespace narrowgate::approval {

struct Change {
  std::string id, digest, task, session;
  State from = State::pending, to = State::pending;  // equal: a vote that did not decide
  bool created = false;
};

struct Filter {
  std::vector<State> states;          // empty: any
  std::string task, agent, resource;  // empty: any
  std::optional<std::string> group;   // only those this group may decide
  std::size_t limit = 100;
};

// Why a request for approval was not taken up.
struct Refusal {
  enum class Why : std::uint8_t { denied_before, too_large, nobody_may, too_many } why;
  std::string approval;          // denied_before: the one that was denied
  std::string by_reason, words;  // denied_before: what the person said
  std::string detail;
};
struct Requested {
  std::optional<Approval> approval;  // pending or already approved; else see refusal
  bool fresh = false;
  std::optional<Refusal> refusal;
};

// What an execution holds in its hands when it may go ahead.
struct Claimed {
  Enforced ceiling;
  std::vector<std::string> approvers;
  std::uint64_t uses_left = 0;
};
enum class ClaimFailure : std::uint8_t { not_found, pending, denied, expired, revoked, used_up, mismatch, other_grant };
std::string_view to_string(ClaimFailure failure);
struct Claim {
  std::optional<Claimed> claimed;  // else `failure`
  ClaimFailure failure = ClaimFailure::not_found;
};

class Subscription;

class Approvals {
 public:
  // May this person decide this one? An Error says why not. Asked after the built-in separation of duties, never instead of it.
  using MayDecide = std::function<Result<Done>(const Approver&, const Approval&)>;

  // `rows` and `clock` outlive it, and it outlives its subscriptions.
  Approvals(store::Approvals& rows, const Clock& clock, MayDecide may_decide = nullptr);
  ~Approvals();

  // The live approval of exactly this operation, or a new one.
  Result<Requested> request(const OperationFacts& facts);

  // `digest` is what the person was shown: Code::conflict if it is not this approval's.
  Result<Approval> approve(std::string_view id, std::string_view digest, const Approver& person, const Approve& vote);
  Result<Approval> deny(std::string_view id, std::string_view digest, const Approver& person, const Deny& vote);
  // Why this person could not decide it; Done if they could. Changes nothing.
  Result<Done> may_decide(const Approver& person, const Approval& approval) const;

  // Takes one use, for an operation of this grant whose digest is `digest` now.
  Result<Claim> claim(std::string_view id, std::string_view digest, std::string_view grant);
  // The approved or pending one of this digest.
  Result<std::optional<Approval>> live(std::string_view digest);

  // The client went away, or gave up: what is pending is withdrawn, what is approved is revoked. Final ones stay as they are.
  Result<Done> withdraw(std::string_view id, std::string_view why);
  // Everything live of a task, grant, session, agent, resource or person. How many.
  Result<std::size_t> revoke(const grant::Selector& selector, std::string_view why);
  // Writes down what has expired. Call every second or so; expiry counts without it. How many.
  Result<std::size_t> expire_due();

  Result<Approval> show(std::string_view id);                // Code::not_found
  Result<std::vector<Approval>> list(const Filter& filter);  // newest first

  // Called for each change after it is stored, on the thread that made it; must not block or call back. Not running and never
  // called again once the Subscription is gone.
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::function<void(const Change&)> listener);

 private:
  friend class Subscription;
  struct Listeners;  // listeners.h
  struct Stepped {
    Approval approval;
    bool stepped = true;  // false: nothing to do
  };
  // Reads, lets `step` change it (false: leave it), and swaps it in; again if somebody else was first. What has run out expires
  // before `step` sees it.
  template <class Step>
  Result<Stepped> change(std::string_view id, Step step);
  Result<Approval> vote(std::string_view id, std::string_view digest, const Approver& person, Vote vote);
  Result<Done> check_vote(const Approval& approval, std::string_view digest, const Vote& vote, const Approver& person) const;
  Result<std::optional<Refusal>> remembered_denial(const std::string& operation);
  Result<std::vector<Approval>> read(const store::ApprovalFilter& filter);
  WallTime now() const;
  void tell(const Approval& approval, State from, bool created) const;

  store::Approvals& rows_;
  const Clock& clock_;
  const MayDecide may_decide_;
  const WallTime started_wall_;
  const MonoTime started_mono_;
  std::shared_ptr<Listeners> listeners_;
};

// Ends with its destruction.
class Subscription {
 public:
  ~Subscription();

 private:
  friend class Approvals;
  Subscription(std::shared_ptr<Approvals::Listeners> listeners, std::uint64_t key)
      : listeners_(std::move(listeners)), key_(key) {}
  std::shared_ptr<Approvals::Listeners> listeners_;
  std::uint64_t key_;
};

}  // namespace narrowgate::approval
