// May this request run? The one place where Permitted and OpenPermit are made.
//
//   grant live? ▸ every effect inside the grant's scope? ▸ policy: permit, hold or deny ▸ what will be enforced
//
// Promises: whatever is not clearly permitted is not; an operation is permitted only if all of its effects are. A verdict is kept
// for limits::verdict_life and found again by the operation itself, never by a likeness of its text.
#pragma once

#include <memory>
#include <unordered_map>
#include <variant>

#include "policy/decision.h"
#include "session/admit.h"

namespace narrowgate::session {

struct Waiting {
  std::unique_ptr<Request> request;
  Hold hold;
};
struct Refused {
  std::unique_ptr<Request> request;
  Denial denial;
};
using Decision = std::variant<Permitted, Waiting, Refused>;

// What a person agreed to, as the policies need to know it.
struct Agreed {
  std::vector<std::string> approvers;
  Enforced ceiling;
};

class Authorizer {
 public:
  // All outlive it.
  Authorizer(const Gateway& gateway, const Admission& admission, const Conversation& conversation)
      : gateway_(gateway),
        admission_(admission),
        conversation_(conversation),
        policies_(admission.policies),
        slice_(admission.slice) {}

  static OpenPermit open_permit(const Admission&) { return OpenPermit(); }

  Decision decide(std::unique_ptr<Request> request);
  // Again, for a request that people agreed to: everything but the hold may have changed while it slept.
  Decision decide_agreed(std::unique_ptr<Request> request, const Agreed& agreed, const std::string& decision);

  // The determining policies and the decision's id, of the last decision made for this operation.
  struct Explained {
    std::shared_ptr<const std::string> decision;
    std::vector<std::string> policies;
  };
  const Explained& last() const { return *last_; }
  const std::string& policy_version() const { return policies_->version(); }

 private:
  struct Verdict {
    std::shared_ptr<const Operation> operation;  // keeps the key's address from being used again
    MonoTime made{};
    std::shared_ptr<const Explained> explained;
    Enforced enforced;
    std::shared_ptr<const std::set<std::string>> unmasked;
    std::optional<Hold> hold;
    std::optional<Denial> denial;
  };

  const Verdict& verdict_on(const std::shared_ptr<const Operation>& operation, MonoTime now);
  Verdict judge(const std::shared_ptr<const Operation>& operation) const;
  std::shared_ptr<const std::set<std::string>> unmasked(const Operation& operation,
                                                        const std::optional<policy::ApprovalFacts>& agreed) const;
  std::optional<Denial> not_live() const;
  Enforced within_budget(Enforced enforced, const Operation& operation) const;
  std::optional<Denial> outside_scope(const Operation& operation, Enforced& enforced) const;
  Denial scope_denial(const Effect& effect, bool has_where) const;
  void follow_policies();

  const Gateway& gateway_;
  const Admission& admission_;
  const Conversation& conversation_;
  std::shared_ptr<const policy::PolicySet> policies_;
  std::shared_ptr<const policy::Slice> slice_;
  std::unordered_map<const Operation*, Verdict> verdicts_;
  std::shared_ptr<const Explained> last_ =
      std::make_shared<const Explained>(Explained{std::make_shared<const std::string>(), {}});
};

}  // namespace narrowgate::session
