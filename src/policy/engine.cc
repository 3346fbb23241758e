#include "policy/engine.h"

#include "policy/entities.h"
#include "policy/inquiry.h"

namespace narrowgate::policy {
namespace {

enum class Keep : std::uint8_t { what_can_apply, everything };

std::shared_ptr<const Slice> make_slice(const std::shared_ptr<const Library>& library, GrantFacts facts, Keep keep) {
  auto parts = std::make_unique<Slice::Parts>();
  parts->library = library;
  parts->task = task_uid(facts);
  auto base = cedar::entities_from(*library->set, entities_json(facts));
  parts->facts = std::move(facts);
  if (!base.ok()) {
    parts->fault = base.error().detail;
    return std::make_shared<Slice>(std::move(parts));
  }
  parts->base = std::move(base).take();
  auto policies = keep == Keep::everything ? Result<cedar::Policies>(cedar::Policies(ng_cedar_slice_whole(library->set.get())))
                                           : cedar::policies_for(*library->set, *parts->base, parts->task, database_actions());
  if (!policies.ok()) parts->fault = policies.error().detail;
  else if (parts->policies = std::move(policies).take(); !parts->policies) parts->fault = "cedar made no slice";
  return std::make_shared<Slice>(std::move(parts));
}

cedar::Context context_of(const Operation& operation, const Enforced& enforced) {
  cedar::Context out;
  out.danger = to_string(operation.danger);
  out.classified = operation.classified;
  out.has_where = operation.has_where;
  out.enforced = enforced;
  return out;
}

Verdict verdict_on_person(const Library& library, const cedar::Answer& answer) {
  Verdict out;
  out.kind = answer.permitted ? Verdict::Kind::permit : Verdict::Kind::deny;
  out.errors = answer.errors;
  for (const auto reason : answer.reasons) {
    out.policies.push_back(library.policies[reason].id);
    if (!answer.permitted && out.advice.empty()) out.advice = library.marks[reason].advice;
  }
  return out;
}

Verdict fault(std::string error) { return Verdict{.errors = {std::move(error)}}; }

}  // namespace

PolicySet::PolicySet(std::shared_ptr<const Library> library) : library_(std::move(library)) {}
PolicySet::~PolicySet() = default;

const std::string& PolicySet::version() const { return library_->version; }
const std::vector<PolicyInfo>& PolicySet::policies() const { return library_->policies; }

std::shared_ptr<const Slice> PolicySet::slice(GrantFacts facts) const {
  return make_slice(library_, std::move(facts), Keep::what_can_apply);
}
std::shared_ptr<const Slice> PolicySet::whole(GrantFacts facts) const {
  return make_slice(library_, std::move(facts), Keep::everything);
}

Verdict PolicySet::may_decide(const ApproverFacts& person, const HeldFacts& held, WallTime now) const {
  const auto entities = cedar::entities_from(*library_->set, entities_json(person, held));
  if (!entities.ok()) return fault(entities.error().detail);
  const cedar::Policies policies(ng_cedar_slice_whole(library_->set.get()));
  if (!policies) return fault("cedar made no slice");
  const auto context = cedar::tell_time(*library_->set, to_rfc3339(now));
  if (!context.ok()) return fault(context.error().detail);
  const auto principal = human_uid(person);
  const auto resource = approval_uid(held);
  const auto answer = cedar::evaluate({*policies, **entities, principal, "approval.decide", resource, **context});
  return verdict_on_person(*library_, answer);
}

Slice::Slice(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Slice::~Slice() = default;

Verdict Slice::evaluate(const Operation& operation, const Enforced& enforced, WallTime now,
                        const std::optional<ApprovalFacts>& approval) const {
  const auto questions = questions_of(operation, parts_->facts, parts_->library->columns);
  return Inquiry(*parts_, questions, context_of(operation, enforced), now, approval).decide();
}

Explanation Slice::explain(const Operation& operation, const Enforced& enforced, WallTime now,
                           const std::optional<ApprovalFacts>& approval) const {
  const auto questions = questions_of(operation, parts_->facts, parts_->library->columns);
  return Inquiry(*parts_, questions, context_of(operation, enforced), now, approval).explain();
}

Verdict Slice::connect(WallTime now) const {
  Questions questions;
  questions.all.push_back(connect_question(parts_->facts));
  Operation operation;
  operation.danger = Danger::session;
  operation.classified = true;
  return Inquiry(*parts_, questions, context_of(operation, {}), now, std::nullopt).decide();
}

const GrantFacts& Slice::facts() const { return parts_->facts; }
const std::string& Slice::version() const { return parts_->library->version; }
std::size_t Slice::policies_for(std::string_view action) const {
  return parts_->policies ? ng_cedar_slice_policies(parts_->policies.get(), cedar::borrow(action)) : 0;
}

}  // namespace narrowgate::policy
