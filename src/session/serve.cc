#include "session/serve.h"

#include "session/hold.h"
#include "session/tables.h"

namespace narrowgate::session {
namespace {

recording::Intent intent_of(const Session& session, const Request& request, recording::Verdict verdict) {
  const Operation& operation = *request.operation();
  recording::Intent intent;
  intent.decision = *session.authorizer.last().decision;
  intent.verdict = verdict;
  intent.danger = to_string(operation.danger);
  intent.policies = session.authorizer.last().policies;
  intent.text = request.text();
  intent.durable = operation.danger >= Danger::write;
  return intent;
}

Denial cannot_record(const std::string& decision) {
  Denial denial;
  denial.code = DenialCode::unavailable;
  denial.decision = decision;
  denial.message = "the request cannot be recorded, so it was not sent";
  denial.hint = "The gateway's disk may be full. Try again later.";
  denial.retry = "after:30";
  return denial;
}

Task<Result<Done>> handle(Session& session, std::unique_ptr<Request> request) {
  if (request->gateway_call() != nullptr) return answer(session, std::move(request));
  Decision decision = session.authorizer.decide(std::move(request));
  if (auto* permitted = std::get_if<Permitted>(&decision)) return forward(session, std::move(*permitted), "");
  if (auto* refused = std::get_if<Refused>(&decision)) return refuse(session, std::move(*refused));
  return hold(session, std::get<Waiting>(std::move(decision)));
}

}  // namespace

Task<Result<Done>> serve(Session& session) {
  for (;;) {
    Result<std::unique_ptr<Request>> request = co_await session.conversation.next();
    if (!request.ok()) co_return request.error();
    if (*request == nullptr) co_return Done{};
    NG_CO_TRY_VOID(co_await handle(session, std::move(request).take()));
  }
}

Task<Result<Done>> forward(Session& session, Permitted permitted, const std::string& approval) {
  if (!permitted.request().runs()) return session.conversation.forward(0, std::move(permitted));
  const Request& request = permitted.request();
  recording::Intent intent = intent_of(session, request, recording::Verdict::permit);
  intent.approval = approval;
  // A short operation's effects follow from its text; spelling them out is for what people will look at.
  std::string effects;
  if (intent.durable || !approval.empty()) intent.effects = effects = in_words(*request.operation());
  const std::vector<recording::Value> values = recorded(request.values());
  intent.parameters = values;
  const Result<std::uint64_t> number = session.log->intent(intent);
  if (!number.ok()) return session.conversation.refuse(permitted.release(), cannot_record(permitted.decision()));
  ++session.counts.permitted;
  session.gateway.metrics.permitted.fetch_add(1, std::memory_order_relaxed);
  session.forwarded();
  return session.conversation.forward(*number, std::move(permitted));
}

Task<Result<Done>> refuse(Session& session, Refused refused) {
  const Denial& denial = refused.denial;
  recording::Intent intent = intent_of(session, *refused.request, recording::Verdict::denial);
  intent.decision = denial.decision;
  intent.code = to_string(denial.code);
  intent.policies = denial.policies;
  const std::string effects = in_words(*refused.request->operation());
  intent.effects = effects;
  const Result<std::uint64_t> number = session.log->intent(intent);
  ++session.counts.denied;
  session.gateway.metrics.denied.fetch_add(1, std::memory_order_relaxed);
  if (!number.ok()) co_return co_await session.conversation.refuse(std::move(refused.request), cannot_record(denial.decision));

  store::DecisionRow row{.id = denial.decision,
                         .outcome = "denied",
                         .code = std::string(to_string(denial.code)),
                         .session = session.id,
                         .grant = session.admission.grant->grant().id,
                         .task = session.admission.task.id,
                         .agent = session.admission.agent.name,
                         .resource = session.admission.resource->name,
                         .approval = {},
                         .asked_why = {},
                         .facts = to_json(denial),
                         .at = session.gateway.clock.wall()};
  // For narrowgate.request: that a denial cannot be asked about is no reason to break off.
  (void)co_await session.gateway.pool.run(*session.entrance.loop, [&] { return session.gateway.store.decisions().add(row); });
  if (session.gateway.registry.denied(session.admission.task.id)) session.noticed("suspended: too many denials in a short time");
  co_return co_await session.conversation.refuse(std::move(refused.request), std::move(refused.denial));
}

}  // namespace narrowgate::session
