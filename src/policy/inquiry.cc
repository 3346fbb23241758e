#include "policy/inquiry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

namespace narrowgate::policy {
namespace {

constexpr std::chrono::minutes agreement_life{1};  // of one that is only supposed, or that says nothing of its end

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (!item.empty() && std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

cedar::Agreement agreement_of(const ApprovalFacts& facts, WallTime now) {
  cedar::Agreement out;
  out.digest_matches = facts.digest_matches;
  for (const auto& name : facts.approvers) {
    cedar::Uid person{cedar::type::human, name};
    if (std::find(out.approvers.begin(), out.approvers.end(), person) == out.approvers.end())
      out.approvers.push_back(std::move(person));
  }
  out.quorum = unsigned(out.approvers.size());
  out.expires = to_rfc3339(facts.expires.value_or(now + agreement_life));
  return out;
}

std::vector<const Question*> pointers_to(const std::vector<Question>& questions) {
  std::vector<const Question*> out;
  for (const auto& question : questions) out.push_back(&question);
  return out;
}

Explained explained_from(const json::object& object) {
  Explained out;
  const auto text = [&](std::string_view name) { return std::string(object.at(name).as_string()); };
  out.policy = text("policy");
  out.effect = text("effect") == "permit" ? PolicyEffect::permit : PolicyEffect::forbid;
  out.applies = text("applies") == "yes"     ? Explained::Applies::yes
                : text("applies") == "error" ? Explained::Applies::error
                                             : Explained::Applies::no;
  out.error = text("error");
  return out;
}

}  // namespace

Inquiry::Inquiry(const Slice::Parts& parts, const Questions& questions, cedar::Context context, WallTime now,
                 const std::optional<ApprovalFacts>& agreed)
    : parts_(parts), questions_(questions), context_(std::move(context)), now_(now), fault_(parts.fault) {
  context_.now = to_rfc3339(now);
  if (agreed) agreed_ = agreement_of(*agreed, now);
  if (!fault_.empty() || questions.objects.empty()) return;
  auto entities = cedar::entities_with(*parts.library->set, *parts.base, questions.objects);
  if (entities.ok()) entities_ = std::move(entities).take();
  else fault_ = entities.error().detail;
}

std::optional<cedar::Agreement> Inquiry::agreement(unsigned people) const {
  if (people == 0) return agreed_;
  return cedar::Agreement{true, {}, people, to_rfc3339(now_ + agreement_life)};
}

// Most questions of an operation have the same context, and making one costs as much as deciding.
Result<const ng_cedar_context*> Inquiry::tell(const Question& question, unsigned people) const {
  for (const auto& told : told_)
    if (told.people == people && told.verb == question.verb && told.in_scope == question.in_scope &&
        told.automatic == question.automatic && told.catalog == question.catalog && told.masked == question.masked)
      return static_cast<const ng_cedar_context*>(told.context.get());
  cedar::Context context = context_;
  context.verb = question.verb;
  context.in_scope = question.in_scope;
  context.automatic = question.automatic;
  context.catalog = question.catalog;
  context.masked = question.masked;
  context.approval = agreement(people);
  NG_TRY(auto made, cedar::tell(*parts_.library->set, context));
  told_.push_back(
      {question.verb, question.in_scope, question.automatic, question.catalog, question.masked, people, std::move(made)});
  return static_cast<const ng_cedar_context*>(told_.back().context.get());
}

cedar::Ask Inquiry::ask(const Question& question, const ng_cedar_context& context) const {
  const auto& entities = entities_ ? *entities_ : *parts_.base;
  return {*parts_.policies, entities, parts_.task, question.action, question.resource, context};
}

cedar::Answer Inquiry::answer(const Question& question, unsigned people) const {
  const auto context = tell(question, people);
  if (!context.ok()) return {false, {}, {context.error().detail}};
  return cedar::evaluate(ask(question, **context));
}

Finding Inquiry::find(const Question& question) const {
  Finding out;
  out.now = answer(question, 0);
  out.errors = out.now.errors;
  if (!out.errors.empty()) return out;
  if (out.now.permitted) out.kind = Verdict::Kind::permit;
  if (out.now.permitted || agreed_) return out;
  for (unsigned people = 1; people <= quorum_max; ++people) {
    auto then = answer(question, people);
    out.errors = std::move(then.errors);
    if (!out.errors.empty()) return out;
    if (!then.permitted) continue;
    out.kind = Verdict::Kind::hold;
    out.quorum = people;
    out.agreed = std::move(then.reasons);
    break;
  }
  return out;
}

DenialCode Inquiry::code_for(const Question& question) const {
  if (parts_.facts.suspended) return DenialCode::suspended;
  if (now_ >= parts_.facts.expires) return DenialCode::expired;
  if (!context_.classified || question.action == "sql.unknown") return DenialCode::unclassified;
  if (!question.in_scope) return DenialCode::scope_denied;
  return DenialCode::policy_denied;
}

// One error denies whatever the other policies say: Cedar passes a policy over that fails, a forbid too.
Verdict Inquiry::refuse(std::string error) const {
  Verdict out;
  out.errors.push_back(std::move(error));
  return out;
}

Verdict Inquiry::deny(const Question& question, const Finding& finding) const {
  Verdict out;
  out.code = code_for(question);
  out.errors = finding.errors;
  for (const auto reason : finding.now.reasons) {
    if (parts_.library->policies[reason].effect != PolicyEffect::forbid) continue;
    add_once(out.policies, parts_.library->policies[reason].id);
    if (out.advice.empty()) out.advice = parts_.library->marks[reason].advice;
  }
  return out;
}

// Who is asked: the forbids that people can lift, or the permits that need people, if nothing forbade.
void Inquiry::route(const Finding& finding, Verdict& verdict) const {
  const auto& library = *parts_.library;
  std::vector<std::uint32_t> asking = finding.now.reasons;
  if (asking.empty()) {
    asking = finding.agreed;
    std::erase_if(asking, [&](auto reason) { return !library.marks[reason].approval; });
    if (asking.empty()) asking = finding.agreed;
  }
  for (const auto reason : asking) {
    const auto& marks = library.marks[reason];
    const auto& groups = marks.groups.empty() ? parts_.facts.approvers : marks.groups;
    for (const auto& group : groups) add_once(verdict.groups, group);
    add_once(verdict.policies, library.policies[reason].id);
    verdict.quorum = std::max(verdict.quorum, marks.quorum);
    verdict.for_task = verdict.for_task && marks.for_task;
    if (marks.ttl && (!verdict.ttl || *marks.ttl < *verdict.ttl)) verdict.ttl = marks.ttl;
    if (!marks.reason.empty() && verdict.reason.find(marks.reason) == std::string::npos)
      verdict.reason += (verdict.reason.empty() ? "" : "; ") + marks.reason;
  }
  verdict.quorum = std::max(verdict.quorum, finding.quorum);
}

Verdict Inquiry::hold(const std::vector<const Question*>& questions, const std::vector<Finding>& findings) const {
  Verdict out;
  out.kind = Verdict::Kind::hold;
  out.for_task = true;
  for (const auto& finding : findings)
    if (finding.kind == Verdict::Kind::hold) route(finding, out);
  // What people are asked about must be possible as a whole once they have agreed.
  for (const auto* question : questions)
    if (!answer(*question, out.quorum).permitted) return Verdict{.code = DenialCode::policy_denied, .policies = out.policies};
  return out;
}

Verdict Inquiry::permit(const std::vector<Finding>& findings) const {
  Verdict out;
  out.kind = Verdict::Kind::permit;
  for (const auto& finding : findings)
    for (const auto reason : finding.now.reasons) add_once(out.policies, parts_.library->policies[reason].id);
  return out;
}

Verdict Inquiry::decide(const std::vector<const Question*>& questions) const {
  std::vector<Finding> findings;
  bool held = false;
  for (const auto* question : questions) {
    const auto& finding = findings.emplace_back(find(*question));
    if (finding.kind == Verdict::Kind::deny) return deny(*question, finding);  // one is enough
    held = held || finding.kind == Verdict::Kind::hold;
  }
  return held ? hold(questions, findings) : permit(findings);
}

Verdict Inquiry::decide() const {
  if (!fault_.empty()) return refuse(fault_);
  if (questions_.too_many)
    return Verdict{.code = DenialCode::limit_exceeded, .advice = "Touch fewer tables and columns in one request."};
  if (questions_.all.empty()) return refuse("an operation without a question");
  return decide(pointers_to(questions_.all));
}

ExplainedEffect Inquiry::explain(const Question& question) const {
  ExplainedEffect out{std::string(question.action), fmt::format("{} {}", question.resource.type, question.resource.id), {}, {}};
  out.verdict = decide({&question});
  const auto read = [&]() -> Result<json::value> {
    NG_TRY(const auto* context, tell(question, 0));
    NG_TRY(const auto text, cedar::explain(ask(question, *context)));
    return parse_json(text);
  }();
  if (!read.ok()) out.verdict.errors.push_back(read.error().detail);
  else
    for (const auto& policy : read->as_array()) out.policies.push_back(explained_from(policy.as_object()));
  return out;
}

Explanation Inquiry::explain() const {
  Explanation out{decide(), {}};
  if (!fault_.empty() || questions_.too_many) return out;
  for (const auto& question : questions_.all) out.effects.push_back(explain(question));
  return out;
}

}  // namespace narrowgate::policy
