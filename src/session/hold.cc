#include "session/hold.h"

#include <fmt/ranges.h>

#include "base/limits.h"
#include "base/log.h"
#include "grant/scope_json.h"
#include "session/serve.h"

namespace narrowgate::session {

// ---- the desk

HoldDesk::HoldDesk(approval::Approvals& approvals) {
  subscription_ = approvals.subscribe([this](const approval::Change& change) { changed(change); });
}

HoldDesk::~HoldDesk() { subscription_.reset(); }

void HoldDesk::changed(const approval::Change& change) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, waiter] : waiters_)
    if (waiter.approval == change.id) waiter.loop->post([event = waiter.event] { event->set(); });
}

HoldDesk::Ticket::Ticket(HoldDesk& desk, std::string approval, net::Loop& loop, std::shared_ptr<net::Event> event)
    : desk_(desk), approval_(std::move(approval)) {
  const std::lock_guard lock(desk_.mutex_);
  key_ = desk_.next_++;
  desk_.waiters_.emplace(key_, Waiter{approval_, &loop, std::move(event)});
}

HoldDesk::Ticket::~Ticket() {
  const std::lock_guard lock(desk_.mutex_);
  desk_.waiters_.erase(key_);
}

// ---- the hold

namespace {

using approval::Approval;

std::vector<std::string> groups_of(const Session& session, const Hold& hold) {
  return hold.groups.empty() ? session.admission.resource->approvers : hold.groups;
}

// What the task was declared to need of the things that the operation touches: it may be much more than this one.
std::vector<std::string> declared_of(const grant::Scope& scope, const Operation& operation) {
  const auto concerns = [](const grant::Atom& atom, const Effect& effect) {
    const auto object = grant::ObjectPattern::parse(effect.object);
    return (atom.verb == "*" || atom.verb == effect.verb) && object.ok() && grant::intersect(atom.object, *object);
  };
  std::vector<std::string> out;
  for (const grant::Atom& atom : scope.atoms())
    if (std::any_of(operation.effects.begin(), operation.effects.end(),
                    [&](const Effect& effect) { return concerns(atom, effect); }))
      out.push_back(describe(atom));
  return out;
}

approval::OperationFacts facts_of(const Session& session, const Request& request, const Hold& hold) {
  const grant::Grant& grant = session.admission.grant->grant();
  const grant::Task& task = session.admission.task;
  approval::OperationFacts facts;
  facts.operation.connection = session.id;
  facts.operation.grant = grant.id;
  facts.operation.resource = grant.resource;
  for (const Effect& effect : request.operation()->effects)
    facts.operation.ops.push_back({fmt::format("{}/{}", grant.resource, effect.object), effect.verb});
  facts.operation.statement = request.text();
  facts.operation.parameters = request.parameters();
  facts.operation.meaning = request.meaning();
  facts.operation.enforced = hold.enforced;
  facts.operation.policy = session.authorizer.policy_version();
  facts.decision = hold.decision;
  facts.session = session.id;
  facts.task = task.id;
  facts.agent = task.agent;
  facts.owner = task.owner;
  facts.on_behalf_of = task.on_behalf_of;
  facts.template_name = task.template_name;
  facts.agent_reason = task.reason;
  facts.reason = hold.reason;
  facts.quorum = hold.quorum;
  facts.groups = groups_of(session, hold);
  facts.policies = hold.policies;
  for (const Effect& effect : request.operation()->effects)
    facts.effects.push_back(effect.columns.empty()
                                ? fmt::format("{} {}", effect.verb, effect.object)
                                : fmt::format("{} {}({})", effect.verb, effect.object, fmt::join(effect.columns, ", ")));
  facts.declared = declared_of(task.scope.on(grant.resource), *request.operation());
  facts.preview = request.preview();
  facts.wait = session.admission.resource->hold;
  facts.ttl = hold.ttl;
  facts.for_task = hold.for_task;
  return facts;
}

Denial answer_no(const Hold& hold, DenialCode code, std::string message, std::string hint, std::string retry) {
  Denial denial;
  denial.code = code;
  denial.decision = hold.decision;
  denial.message = std::move(message);
  denial.hint = std::move(hint);
  denial.retry = std::move(retry);
  denial.policies = hold.policies;
  return denial;
}

Denial not_taken_up(const Hold& hold, const approval::Refusal& refusal) {
  using Why = approval::Refusal::Why;
  switch (refusal.why) {
    case Why::denied_before:
      return answer_no(hold, DenialCode::approval_denied,
                       fmt::format("this was denied before ({}): {}", refusal.by_reason, visible(refusal.words)),
                       "Change the statement as the answer says; the same one will not be asked again for now.", "narrower");
    case Why::too_large:
      return answer_no(hold, DenialCode::limit_exceeded, "this is too long to be shown to a person whole",
                       "Send it in smaller parts.", "narrower");
    case Why::nobody_may:
      return answer_no(hold, DenialCode::policy_denied, "this needs approval, and nobody is configured who may give it",
                       "Ask the operator to set approvers for this resource, or @approval in the policy.", "never");
    case Why::too_many:
      return answer_no(hold, DenialCode::unavailable, "too many requests wait for approval", "Try again later.", "after:60");
  }
  return answer_no(hold, DenialCode::unavailable, "this cannot be asked now", "Try again later.", "after:60");
}

Denial ended(const Hold& hold, const Approval& approval) {
  if (approval.state == approval::State::denied && !approval.votes.empty()) {
    const approval::Vote& vote = approval.votes.back();
    return answer_no(hold, DenialCode::approval_denied,
                     fmt::format("a person said no ({}): {}", vote.reason, visible(vote.words)),
                     "Change the statement as the answer says.", "narrower");
  }
  return answer_no(hold, DenialCode::approval_denied,
                   fmt::format("nobody approved this in time; approval {} is {}", approval.id, to_string(approval.state)),
                   "Send it again to ask again.", "now_same_request");
}

std::string held_notice(const Session& session, const std::string& approval, const std::vector<std::string>& groups,
                        const std::string& reason) {
  return fmt::format("narrowgate: held for approval {} by {} ({}); waiting up to {}", approval, fmt::join(groups, ", "),
                     reason.empty() ? "policy" : reason, format_duration(session.admission.resource->hold));
}

struct Awaited {
  std::optional<Approval> approval;  // as it is now; unset if the client left
  bool cancelled = false;
};

// Until a person has decided, time is up, or the client is gone.
Task<Result<Awaited>> await_decision(Session& session, const Approval& asked, net::Event& changed) {
  const MonoTime until = session.gateway.clock.mono() + (asked.expires - session.gateway.clock.wall());
  for (;;) {
    const Duration left = until - session.gateway.clock.mono();
    const Duration turn = std::min<Duration>(left, limits::hold_notice_every);
    HoldEnd end = HoldEnd::timed_out;
    if (left > Duration::zero()) end = co_await session.conversation.wait(changed, turn);
    if (end == HoldEnd::client_left) co_return Awaited{};
    if (end == HoldEnd::client_cancelled) co_return Awaited{std::nullopt, true};
    Result<Approval> now =
        co_await session.gateway.pool.run(*session.entrance.loop, [&] { return session.gateway.approvals.show(asked.id); });
    if (!now.ok()) co_return now.error();
    if (now->state != approval::State::pending) co_return Awaited{std::move(now).take(), false};
    if (left <= Duration::zero()) {
      (void)co_await session.gateway.pool.run(*session.entrance.loop, [&] { return session.gateway.approvals.expire_due(); });
      co_return Awaited{std::move(now).take(), false};
    }
    if (end == HoldEnd::timed_out) {
      std::string told = fmt::format("narrowgate: still waiting for approval {} ({} left)", asked.id,
                                     format_duration(std::chrono::ceil<std::chrono::seconds>(left)));
      NG_CO_TRY_VOID(co_await session.conversation.notify(std::move(told)));
    }
  }
}

// People agreed. Everything is judged again, then one use of the approval is taken: at most one session gets it.
Task<Result<Done>> run_agreed(Session& session, std::unique_ptr<Request> request, const Hold& hold, const Approval& approval) {
  approval::OperationFacts now = facts_of(session, *request, hold);
  const std::string digest = approval::op_digest(now.operation);
  Result<approval::Claim> claim = co_await session.gateway.pool.run(*session.entrance.loop, [&] {
    return session.gateway.approvals.claim(approval.id, digest, session.admission.grant->grant().id);
  });
  if (!claim.ok()) co_return claim.error();
  if (!claim->claimed) {
    const Denial denial =
        answer_no(hold, DenialCode::approval_mismatch,
                  fmt::format("approval {} does not fit this any more: {}", approval.id, to_string(claim->failure)),
                  "Send it again to ask again.", "now_same_request");
    Refused refused{std::move(request), denial};
    co_return co_await refuse(session, std::move(refused));
  }
  NG_CO_TRY_VOID(session.log->approval(approval.id, "consumed", "", "", approval.uses_left <= 1));
  const Agreed agreed{claim->claimed->approvers, claim->claimed->ceiling};
  Decision decision = session.authorizer.decide_agreed(std::move(request), agreed, hold.decision);
  if (auto* permitted = std::get_if<Permitted>(&decision))
    co_return co_await forward(session, std::move(*permitted), approval.id);
  co_return co_await refuse(session, std::get<Refused>(std::move(decision)));
}

Task<Result<Done>> record_hold(Session& session, const Request& request, const Hold& hold, const Approval& approval) {
  const std::string effects = in_words(*request.operation());
  recording::Intent intent;
  intent.decision = hold.decision;
  intent.verdict = recording::Verdict::hold;
  intent.danger = to_string(request.operation()->danger);
  intent.effects = effects;
  intent.approval = approval.id;
  intent.policies = hold.policies;
  intent.text = request.text();
  const std::vector<recording::Value> values = recorded(request.values());
  intent.parameters = values;
  intent.durable = true;
  NG_CO_TRY(const std::uint64_t seq, session.log->intent(intent));
  co_return session.log->held(seq, approval.id, approval.facts.quorum, approval.facts.groups, hold.reason);
}

}  // namespace

Task<Result<Done>> hold(Session& session, Waiting waiting) {
  std::unique_ptr<Request> request = std::move(waiting.request);
  const Hold held = std::move(waiting.hold);
  NG_CO_TRY_VOID(co_await session.conversation.pin(*request));
  const approval::OperationFacts facts = facts_of(session, *request, held);
  Result<approval::Requested> requested =
      co_await session.gateway.pool.run(*session.entrance.loop, [&] { return session.gateway.approvals.request(facts); });
  if (!requested.ok()) {
    Refused refused{std::move(request),
                    answer_no(held, DenialCode::unavailable, "approvals are not available now", "Try again later.", "after:30")};
    co_return co_await refuse(session, std::move(refused));
  }
  if (requested->refusal) {
    Refused refused{std::move(request), not_taken_up(held, *requested->refusal)};
    co_return co_await refuse(session, std::move(refused));
  }

  const Approval asked = *requested->approval;
  NG_CO_TRY_VOID(co_await record_hold(session, *request, held, asked));
  ++session.counts.held;
  session.gateway.metrics.held.fetch_add(1, std::memory_order_relaxed);
  log_info("operation held",
           {{"session", session.id}, {"approval", asked.id}, {"agent", session.admission.agent.name}, {"reason", held.reason}});
  if (asked.state == approval::State::approved) co_return co_await run_agreed(session, std::move(request), held, asked);

  auto changed = std::make_shared<net::Event>(*session.entrance.loop);
  const HoldDesk::Ticket ticket(session.gateway.holds, asked.id, *session.entrance.loop, changed);
  changed->set();  // it may have been decided before we listened
  std::string told = held_notice(session, asked.id, facts.groups, held.reason);
  NG_CO_TRY_VOID(co_await session.conversation.notify(std::move(told)));
  const MonoTime began = session.gateway.clock.mono();
  Result<Awaited> awaited = co_await await_decision(session, asked, *changed);
  session.gateway.metrics.hold_time.observe(session.gateway.clock.mono() - began);
  if (!awaited.ok()) co_return awaited.error();
  if (!awaited->approval) {
    const char* why = awaited->cancelled ? "cancelled by the client" : "the client left";
    (void)co_await session.gateway.pool.run(*session.entrance.loop,
                                            [&] { return session.gateway.approvals.withdraw(asked.id, why); });
    NG_CO_TRY_VOID(session.log->approval(asked.id, "withdrawn", "", "", true));
    if (!awaited->cancelled) co_return Error{Code::closed, Blame::client, "the client left while its request was held"};
    Refused refused{std::move(request),
                    answer_no(held, DenialCode::approval_denied, "cancelled while waiting for approval", "", "now_same_request")};
    co_return co_await refuse(session, std::move(refused));
  }
  for (const approval::Vote& vote : awaited->approval->votes)
    NG_CO_TRY_VOID(session.log->approval(asked.id, vote.agreed ? "approved" : "denied", "human:" + vote.person,
                                         vote.phishing_resistant ? "webauthn" : "signed in",
                                         vote.terms.reach == approval::Reach::once));
  if (awaited->approval->state == approval::State::approved)
    co_return co_await run_agreed(session, std::move(request), held, *awaited->approval);
  Refused refused{std::move(request), ended(held, *awaited->approval)};
  co_return co_await refuse(session, std::move(refused));
}

}  // namespace narrowgate::session
