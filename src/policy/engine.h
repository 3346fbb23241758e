// The policy engine: a PolicySet in force, a Slice of it per grant, a Verdict per operation.
//
//   load ──▶ PolicySet ──slice(GrantFacts)──▶ Slice ──evaluate(Operation, Enforced, now, approval?)──▶ Verdict
//
// An operation is all of its effects, each a request of its own to Cedar: (task, verb, object or column, context). What was not
// understood, or reaches outside, is a request too (`sql.unknown`, `sql.admin`). Each is asked as things are; where that is not
// permitted, again as if 1 to 5 people had agreed.
//
// Promises: all effects must be permitted; an evaluation error denies, whatever policy it is in; the same facts give the same
// verdict (no clock, no I/O, no randomness); both classes are immutable, so any number of threads may ask at once.
// A slice holds only the policies that can apply to its task and action, and decides as the whole set would.
//
// Not here: whether the grant is live or the scope's limits are left (session), people's answers (approval).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.h"
#include "policy/facts.h"
#include "policy/verdict.h"

namespace narrowgate::policy {

enum class PolicyEffect : std::uint8_t { permit, forbid };

// One policy of a set, as its file has it.
struct PolicyInfo {
  std::string id;  // its @id, or file:line
  PolicyEffect effect = PolicyEffect::permit;
  std::string file;
  unsigned line = 0;
  std::map<std::string, std::string, std::less<>> annotations;
  std::vector<std::string> actions;  // those it can apply to
  unsigned quorum = 0;               // the most people its conditions ask for; 0: it does not look at approvals
  std::string text;
};

// What one policy does to one request.
struct Explained {
  std::string policy;
  PolicyEffect effect = PolicyEffect::permit;
  enum class Applies : std::uint8_t { no, yes, error } applies = Applies::no;
  std::string error;
};
struct ExplainedEffect {
  std::string action, resource;  // "sql.update", "Table orders/public.refunds"
  Verdict verdict;
  std::vector<Explained> policies;  // those that can apply to the action at all
};
struct Explanation {
  Verdict verdict;
  std::vector<ExplainedEffect> effects;
};

class Slice;
struct Library;  // the loaded set behind both; engine_parts.h

class PolicySet : public std::enable_shared_from_this<PolicySet> {
 public:
  explicit PolicySet(std::shared_ptr<const Library> library);
  ~PolicySet();

  const std::string& version() const;  // "sha256:…" of the schema and every policy file
  const std::vector<PolicyInfo>& policies() const;

  // Never null. If the facts cannot be told to Cedar, the slice denies everything and says why in Verdict::errors.
  std::shared_ptr<const Slice> slice(GrantFacts facts) const;
  // The same with every policy in it: what slice() must always agree with.
  std::shared_ptr<const Slice> whole(GrantFacts facts) const;

  // approval.decide: may this person decide this held operation? Separation of duties lives in the policies. Never holds.
  Verdict may_decide(const ApproverFacts& person, const HeldFacts& held, WallTime now) const;

 private:
  std::shared_ptr<const Library> library_;
};

class Slice {
 public:
  struct Parts;
  explicit Slice(std::unique_ptr<const Parts> parts);
  ~Slice();

  Verdict evaluate(const Operation& operation, const Enforced& enforced, WallTime now,
                   const std::optional<ApprovalFacts>& approval = std::nullopt) const;
  // May the task open its resource at all?
  Verdict connect(WallTime now) const;
  Explanation explain(const Operation& operation, const Enforced& enforced, WallTime now,
                      const std::optional<ApprovalFacts>& approval = std::nullopt) const;

  const GrantFacts& facts() const;
  const std::string& version() const;
  std::size_t policies_for(std::string_view action) const;  // how many a decision sees

 private:
  std::unique_ptr<const Parts> parts_;
};

}  // namespace narrowgate::policy
