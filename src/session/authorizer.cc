#include "session/authorizer.h"

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/limits.h"
#include "grant/scope_json.h"
#include "session/grant_facts.h"

namespace narrowgate::session {
namespace {

std::string columns_of(const Effect& effect) {
  return effect.columns.empty() ? std::string() : fmt::format("({})", fmt::join(effect.columns, ", "));
}

std::string printed(const Effect& effect) { return fmt::format("{} on {}{}", effect.verb, effect.object, columns_of(effect)); }

std::uint64_t stricter(std::uint64_t a, std::uint64_t b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

Enforced stricter(Enforced a, const Enforced& b) {
  a.rows_read_max = stricter(a.rows_read_max, b.rows_read_max);
  a.rows_written_max = stricter(a.rows_written_max, b.rows_written_max);
  a.bytes_max = stricter(a.bytes_max, b.bytes_max);
  if (b.statement_max.count() != 0)
    a.statement_max = a.statement_max.count() == 0 ? b.statement_max : std::min(a.statement_max, b.statement_max);
  return a;
}

Denial never(const Operation& operation) {
  Denial out;
  out.code = DenialCode::policy_denied;
  out.message = fmt::format("this must not run: {}", operation.never);
  out.retry = "never";
  return out;
}

// Of the columns, those that the grant does not have.
Effect missing_part(const grant::Grant& grant, const Effect& effect, bool has_where) {
  Effect missing = effect, one = effect;
  std::erase_if(missing.columns, [&](const std::string& column) {
    one.columns = {column};
    return grant.scope.covers(grant.resource, one, has_where).has_value();
  });
  return missing.columns.empty() ? effect : missing;
}

}  // namespace

Decision Authorizer::decide(std::unique_ptr<Request> request) {
  if (auto denial = not_live()) return Refused{std::move(request), std::move(*denial)};
  const Verdict& verdict = verdict_on(request->operation(), gateway_.clock.mono());
  if (last_ != verdict.explained) last_ = verdict.explained;
  if (verdict.denial) return Refused{std::move(request), *verdict.denial};
  // A statement that is only being prepared runs nothing; it will wait when it is to run, with its values known.
  if (verdict.hold && request->runs()) return Waiting{std::move(request), *verdict.hold};
  const Enforced enforced = within_budget(verdict.enforced, *request->operation());
  return Permitted(std::move(request), verdict.explained->decision, enforced, verdict.unmasked, false);
}

Decision Authorizer::decide_agreed(std::unique_ptr<Request> request, const Agreed& agreed, const std::string& decision) {
  if (auto denial = not_live()) return Refused{std::move(request), std::move(*denial)};
  follow_policies();
  const Operation& operation = *request->operation();
  Enforced enforced;
  if (auto denial = outside_scope(operation, enforced)) return Refused{std::move(request), std::move(*denial)};
  if (!operation.never.empty()) return Refused{std::move(request), never(operation)};
  enforced = stricter(enforced, agreed.ceiling);
  const policy::ApprovalFacts approval{agreed.approvers, true, std::nullopt};
  const policy::Verdict verdict = slice_->evaluate(operation, enforced, gateway_.clock.wall(), approval);
  last_ = std::make_shared<const Explained>(Explained{std::make_shared<const std::string>(decision), verdict.policies});
  if (verdict.kind == policy::Verdict::Kind::permit)
    return Permitted(std::move(request), last_->decision, within_budget(enforced, operation), unmasked(operation, approval),
                     true);
  Denial denial;
  denial.code = DenialCode::approval_mismatch;
  denial.decision = decision;
  denial.message = "policy no longer allows what was approved";
  denial.hint = "Send it again to have it judged as things are now.";
  denial.retry = "now_same_request";
  denial.policies = verdict.policies;
  return Refused{std::move(request), std::move(denial)};
}

const Authorizer::Verdict& Authorizer::verdict_on(const std::shared_ptr<const Operation>& operation, MonoTime now) {
  const auto found = verdicts_.find(operation.get());
  if (found != verdicts_.end() && now - found->second.made < limits::verdict_life) return found->second;
  if (verdicts_.size() >= limits::verdicts_cached_max) verdicts_.clear();
  follow_policies();
  Verdict verdict = judge(operation);
  verdict.operation = operation;
  verdict.made = now;
  return verdicts_.insert_or_assign(operation.get(), std::move(verdict)).first->second;
}

Authorizer::Verdict Authorizer::judge(const std::shared_ptr<const Operation>& operation) const {
  Verdict out;
  const auto decision = std::make_shared<const std::string>(new_id(IdKind::decision, gateway_.clock.wall()));
  std::vector<std::string> policies;
  out.denial = outside_scope(*operation, out.enforced);
  if (!operation->never.empty()) out.denial = never(*operation);
  if (!out.denial) {
    const policy::Verdict verdict = slice_->evaluate(*operation, out.enforced, gateway_.clock.wall(), std::nullopt);
    policies = verdict.policies;
    if (verdict.kind == policy::Verdict::Kind::hold)
      out.hold = Hold{*decision,        verdict.quorum, verdict.groups, verdict.reason,
                      verdict.policies, out.enforced,   verdict.ttl,    verdict.for_task};
    if (verdict.kind == policy::Verdict::Kind::deny) {
      out.denial.emplace();
      out.denial->code = verdict.code;
      out.denial->message = operation->classified ? fmt::format("policy does not allow this to task {} ({})", admission_.task.id,
                                                                admission_.task.template_name)
                                                  : fmt::format("this statement was not understood: {}", visible(operation->why));
      out.denial->hint = !verdict.advice.empty() ? verdict.advice
                         : operation->classified ? "See narrowgate.scope for what is allowed."
                                                 : "Send one plain statement at a time.";
      out.denial->retry = operation->classified ? "after_grant" : "narrower";
      out.denial->policies = verdict.policies;
    }
  }
  if (out.denial) {
    out.denial->decision = *decision;
    if (out.denial->retry == "after_grant") out.denial->ask = conversation_.how_to_ask(*decision);
  }
  out.unmasked = unmasked(*operation, std::nullopt);
  out.explained = std::make_shared<const Explained>(Explained{decision, std::move(policies)});
  return out;
}

// What people agreed to speaks for the columns that the statement uses, which they were asked about; not for others it only
// shows.
std::shared_ptr<const std::set<std::string>> Authorizer::unmasked(const Operation& operation,
                                                                  const std::optional<policy::ApprovalFacts>& agreed) const {
  static const auto none = std::make_shared<const std::set<std::string>>();
  if (operation.shown.empty()) return none;
  auto out = std::make_shared<std::set<std::string>>();
  const auto used = [&](const Effect& one) {
    return std::any_of(operation.effects.begin(), operation.effects.end(), [&](const Effect& effect) {
      return effect.verb == one.verb && effect.object == one.object &&
             std::find(effect.columns.begin(), effect.columns.end(), one.columns.front()) != effect.columns.end();
    });
  };
  for (const Effect& effect : operation.shown)
    for (const std::string& column : effect.columns) {
      Operation one;
      one.danger = Danger::read;
      one.classified = true;
      one.effects = {{effect.verb, effect.kind, effect.object, {column}}};
      const auto asked = used(one.effects.front()) ? agreed : std::nullopt;
      if (slice_->evaluate(one, {}, gateway_.clock.wall(), asked).kind == policy::Verdict::Kind::permit)
        out->insert(fmt::format("{}.{}", effect.object, column));
    }
  return out;
}

// What a write may change of what is left; reads are held to it while they are answered.
Enforced Authorizer::within_budget(Enforced enforced, const Operation& operation) const {
  const bool writes = operation.danger != Danger::read && operation.danger != Danger::session;
  const grant::Budget left = admission_.grant->left();
  Enforced most;  // 0 would be no limit
  if (left.rows_written && writes) most.rows_written_max = std::max<std::uint64_t>(*left.rows_written, 1);
  if (left.time) most.statement_max = std::max(*left.time, std::chrono::milliseconds(1));
  return stricter(enforced, most);
}

std::optional<Denial> Authorizer::not_live() const {
  const bool statements_left = admission_.grant->left().uses.value_or(1) > 0;
  if (statements_left && admission_.grant->may_operate(gateway_.clock.mono())) return std::nullopt;
  Denial denial;
  if (!statements_left) {
    denial.code = DenialCode::limit_exceeded;
    denial.message = fmt::format("the budget of task {} is used up", admission_.task.id);
    denial.retry = "never";
    return denial;
  }
  const grant::GrantState state = admission_.grant->state();
  denial.code = state == grant::GrantState::revoked     ? DenialCode::revoked
                : state == grant::GrantState::suspended ? DenialCode::suspended
                : state == grant::GrantState::exhausted ? DenialCode::limit_exceeded
                                                        : DenialCode::expired;
  denial.message = fmt::format("grant {} is {}", admission_.grant->grant().id, to_string(state));
  denial.hint = "Connect again for a new grant.";
  denial.retry = "never";
  return denial;
}

std::optional<Denial> Authorizer::outside_scope(const Operation& operation, Enforced& enforced) const {
  const grant::Grant& grant = admission_.grant->grant();
  const Covered covered = cover(grant.scope, grant.resource, operation);
  enforced = covered.enforced;
  if (covered.outside) return scope_denial(missing_part(grant, *covered.outside, operation.has_where), operation.has_where);
  return std::nullopt;
}

Denial Authorizer::scope_denial(const Effect& effect, bool has_where) const {
  const grant::Grant& grant = admission_.grant->grant();
  Denial denial;
  denial.code = DenialCode::scope_denied;
  const bool wants_where = !has_where && grant.scope.covers(grant.resource, effect, true);
  denial.message =
      fmt::format("{} {} task {} ({})", visible(printed(effect)), wants_where ? "needs a WHERE clause in" : "is outside",
                  admission_.task.id, admission_.task.template_name);
  denial.need = {fmt::format("{} {}/{}{}", effect.verb, grant.resource, effect.object, columns_of(effect))};
  denial.object = effect.object;
  denial.retry = "after_grant";
  std::string allowed;
  for (const grant::Atom& atom : grant.scope.atoms()) {
    const std::string name = atom.object.schema + '.' + atom.object.name;
    if (name == effect.object) denial.have.push_back(fmt::format("{} {}/{}", atom.verb, atom.resource, atom.object.to_string()));
    if (allowed.size() < 300) allowed += (allowed.empty() ? "" : "; ") + grant::describe(atom);
  }
  denial.hint = fmt::format("Allowed now: {}. All of it: SELECT * FROM narrowgate.scope.", allowed.empty() ? "nothing" : allowed);
  return denial;
}

void Authorizer::follow_policies() {
  auto current = gateway_.policies.current();
  if (current == policies_) return;
  policies_ = std::move(current);
  slice_ = policies_->slice(slice_->facts());
  verdicts_.clear();
}

}  // namespace narrowgate::session
