#include "session/run.h"

#include "base/id.h"
#include "base/log.h"
#include "grant/scope_json.h"
#include "session/admit.h"
#include "session/end_task.h"
#include "session/identify.h"
#include "session/serve.h"
#include "session/session.h"

namespace narrowgate::session {
namespace {

std::string lines(const grant::Scope& scope) {
  std::string out;
  for (const grant::Atom& atom : scope.atoms()) out += (out.empty() ? "" : "; ") + grant::describe(atom);
  return out;
}

Result<std::unique_ptr<recording::SessionLog>> start_recording(const Gateway& gateway, const Entrance& entrance,
                                                               const Conversation& conversation, const Hello& hello,
                                                               const Admission& admission, const std::string& id) {
  const grant::Grant& grant = admission.grant->grant();
  const std::string peer = conversation.peer().to_string(), assurance = std::to_string(int(admission.agent.assurance));
  const std::string asked = lines(admission.asked), granted = lines(grant.scope), expires = to_rfc3339(grant.not_after);
  const recording::SessionFacts facts{.session = id,
                                      .task = admission.task.id,
                                      .grant = grant.id,
                                      .agent = admission.agent.name,
                                      .owner = admission.agent.owner,
                                      .on_behalf_of = admission.agent.on_behalf_of,
                                      .task_template = admission.task.template_name,
                                      .reason = hello.reason,
                                      .ticket = hello.ticket,
                                      .resource = grant.resource,
                                      .protocol = "postgres",
                                      .database = admission.database,
                                      .peer = peer,
                                      .issuer = admission.agent.issuer,
                                      .subject = admission.agent.subject,
                                      .assurance = assurance,
                                      .policy_version = grant.policy,
                                      .asked = asked,
                                      .granted = granted,
                                      .expires = expires};
  const auto capture =
      admission.resource->capture == config::Capture::full ? recording::Capture::full : recording::Capture::shape;
  return recording::SessionLog::start(gateway.recorder, gateway.recorder.writer(entrance.loop_index), facts, capture);
}

Denial unavailable(std::string message, std::string hint) {
  Denial denial;
  denial.code = DenialCode::unavailable;
  denial.message = std::move(message);
  denial.hint = std::move(hint);
  denial.retry = "after:30";
  return denial;
}

// What a kill means to the client. The operator's words stay in the recording.
struct Stopped {
  DenialCode code;
  const char* message;
};
Stopped stopped(grant::KillCause cause) {
  switch (cause) {
    case grant::KillCause::revoked: return {DenialCode::revoked, "access was revoked"};
    case grant::KillCause::suspended: return {DenialCode::suspended, "the agent is suspended"};
    case grant::KillCause::expired: return {DenialCode::expired, "the grant has expired"};
    case grant::KillCause::exhausted: return {DenialCode::limit_exceeded, "the grant is used up"};
    case grant::KillCause::policy_changed: return {DenialCode::revoked, "policy has changed"};
    case grant::KillCause::shutdown: return {DenialCode::unavailable, "the gateway is shutting down"};
  }
  return {DenialCode::revoked, "access was revoked"};
}

// From here on a revocation finds the session. The registry calls on its own thread; the session hears of it on its loop's, if it
// still is there.
Result<Done> become_revocable(Session& session, const std::shared_ptr<Session*>& alive) {
  net::Loop& loop = *session.entrance.loop;
  NG_TRY(session.live, session.gateway.registry.enter(
                           session.id, session.admission.grant, [&loop, weak = std::weak_ptr(alive)](const grant::Kill& kill) {
                             loop.post([weak, kill] {
                               const auto found = weak.lock();
                               if (!found) return;
                               Session& target = **found;
                               const Stopped what = stopped(kill.cause);
                               const std::string_view cause = to_string(kill.cause);
                               target.stop(what.code, what.message,
                                           kill.reason.empty() ? std::string(cause) : fmt::format("{}: {}", cause, kill.reason));
                               target.live->client_closed();
                               const Duration took = target.gateway.clock.mono() - kill.accepted;
                               target.revoke_took = took;
                               if (kill.cause == grant::KillCause::revoked) {
                                 target.gateway.metrics.revoked.fetch_add(1, std::memory_order_relaxed);
                                 target.gateway.metrics.revoke_time.observe(took);
                               }
                             });
                           }));
  return Done{};
}

Task<Result<Done>> open_and_serve(Session& session) {
  Result<Upstream> upstream = session.gateway.credentials.lease(*session.admission.resource, session.admission.database);
  if (!upstream.ok()) {
    log_error("no lease",
              {{"session", session.id}, {"resource", session.admission.resource->name}, {"why", upstream.error().detail}});
    co_await session.conversation.dismiss(
        unavailable("the resource cannot be reached now", "The operator can see why: narrowgate doctor"));
    co_return upstream.error();
  }
  auto account = co_await session.gateway.pool.run(*session.entrance.loop, [&] {
    return session.gateway.accounts.open(*session.admission.resource, *upstream, session.admission.grant->grant());
  });
  if (!account.ok()) {
    log_error("no account for the grant", {{"session", session.id}, {"why", account.error().detail}});
    const char* what = account.error().blame == Blame::upstream
                           ? "the database behind the gateway cannot be reached now"
                           : "the gateway cannot do this now: no account could be made for the grant";
    Denial denial = unavailable(what, "The operator can see why: narrowgate doctor");
    co_await session.conversation.dismiss(std::move(denial));
    co_return account.error();
  }
  upstream->account = std::move(account).take();
  if (!upstream->client_settings) upstream->application_name = fmt::format("{}/{}", session.admission.task.id, session.id);
  if (const auto linger = session.admission.task_template->linger; linger.count() > 0)
    upstream->warm = Upstream::Warm{
        session.admission.grant->grant().id, linger,
        [grant = session.admission.grant, &clock = session.gateway.clock] { return grant->may_operate(clock.mono()); }};
  for (const grant::Atom& atom : session.admission.grant->grant().scope.atoms())
    if (atom.limits.statement) upstream->statement_max = std::max(upstream->statement_max, *atom.limits.statement);
  const Admission& admission = session.admission;
  Welcome welcome{[&admission, told = session.entrance.grant_notice](const std::vector<ObjectName>& tables) {
    return told ? admission_notices(admission, tables) : std::vector<std::string>();
  }};
  NG_CO_TRY_VOID(co_await session.conversation.open(Authorizer::open_permit(admission), std::move(upstream).take(),
                                                    std::move(welcome), session));
  session.gateway.metrics.sessions_opened.fetch_add(1, std::memory_order_relaxed);
  co_return co_await serve(session);
}

store::SessionRow row_of(const Session& session) {
  const grant::Grant& grant = session.admission.grant->grant();
  return {.id = session.id,
          .task = grant.task,
          .grant = grant.id,
          .agent = grant.agent,
          .resource = grant.resource,
          .recording = session.id,
          .template_name = session.admission.task.template_name,
          .peer = session.conversation.peer().to_string(),
          .opened = session.gateway.clock.wall(),
          .closed = std::nullopt,
          .end = {},
          .counts = {}};
}

// What a shutdown cuts off is settled at the next start.
Task<void> leave(const Gateway& gateway, const Entrance& entrance, const Admission& admission) {
  return leave_task(gateway, *entrance.loop, admission.work, admission, admission.task_template->linger);
}

Task<void> live(Session& session) {
  const Gateway& gateway = session.gateway;
  const auto alive = std::make_shared<Session*>(&session);
  log_info("session opened", {{"session", session.id},
                              {"agent", session.admission.agent.name},
                              {"task", session.admission.task.id},
                              {"resource", session.admission.resource->name}});
  const store::SessionRow row = row_of(session);
  const auto store = [&] { return gateway.store.sessions().open(row); };
  const Result<Done> stored = co_await gateway.pool.run(*session.entrance.loop, store);

  gateway.metrics.sessions_live.fetch_add(1, std::memory_order_relaxed);
  if (!stored.ok()) {
    session.ends_because("not stored: " + stored.error().detail);
    co_await session.conversation.dismiss(unavailable("the session cannot be written down now", ""));
  } else if (const Result<Done> entered = become_revocable(session, alive); !entered.ok()) {
    session.ends_because("revoked before it opened");
    Denial denial = unavailable("access was revoked", "");
    denial.code = DenialCode::revoked;
    co_await session.conversation.dismiss(std::move(denial));
  } else {
    const Result<Done> served = co_await open_and_serve(session);
    if (served.ok()) session.ends_because("the client was finished");
    else session.ends_because(to_string(served.error()));
  }
  co_await session.conversation.close();
  if (session.live) session.live->upstream_cancelled();
  gateway.metrics.sessions_live.fetch_sub(1, std::memory_order_relaxed);

  const Result<Done> ended = session.log->end(session.end_reason(), session.revoke_took);
  if (!ended.ok()) log_error("session's end not recorded", {{"session", session.id}, {"why", ended.error().detail}});
  (void)co_await gateway.pool.run(*session.entrance.loop, [&] {
    return gateway.store.sessions().close(session.id, gateway.clock.wall(), session.end_reason(), session.counts);
  });
  co_await leave(gateway, session.entrance, session.admission);
  log_info("session closed", {{"session", session.id}, {"why", session.end_reason()}});
}

Task<void> attend(const Gateway& gateway, const Entrance& entrance, Conversation& conversation) {
  Result<std::optional<Hello>> hello = co_await conversation.greet();
  if (!hello.ok()) log_debug("no hello", {{"peer", conversation.peer().to_string()}, {"why", hello.error().detail}});
  if (!hello.ok() || !*hello) co_return;

  auto identified = co_await identify(gateway, conversation, *entrance.loop, **hello);
  if (!identified.ok()) co_return;
  if (auto* denial = std::get_if<Denial>(&*identified)) co_return co_await conversation.dismiss(std::move(*denial));

  auto admitted = co_await admit(gateway, entrance, **hello, std::get<identity::Agent>(std::move(*identified)));
  if (!admitted.ok()) {
    log_error("admission failed", {{"agent", (*hello)->agent}, {"why", to_string(admitted.error())}});
    co_return co_await conversation.dismiss(unavailable("the gateway cannot decide now", "Try again later."));
  }
  if (auto* denial = std::get_if<Denial>(&*admitted)) {
    log_info("session refused", {{"agent", (*hello)->agent}, {"why", denial->message}});
    gateway.metrics.sessions_refused.fetch_add(1, std::memory_order_relaxed);
    co_return co_await conversation.dismiss(std::move(*denial));
  }
  Admission admission = std::get<Admission>(std::move(*admitted));

  const std::string id = new_id(IdKind::session, gateway.clock.wall());
  auto log = start_recording(gateway, entrance, conversation, **hello, admission, id);
  if (!log.ok()) {
    log_error("session cannot be recorded", {{"why", to_string(log.error())}});
    co_await leave(gateway, entrance, admission);
    co_return co_await conversation.dismiss(
        unavailable("sessions cannot be recorded now, so none is opened", "The gateway's disk may be full."));
  }
  Session session(gateway, entrance, conversation, id, std::move(admission), std::move(log).take());
  co_await live(session);
}

}  // namespace

Task<void> run(const Gateway& gateway, const Entrance& entrance, std::unique_ptr<Conversation> conversation) {
  gateway.metrics.connections.fetch_add(1, std::memory_order_relaxed);
  std::string unforeseen;
  // One of the two places that catch: nothing of ours throws, but a library below might.
  try {
    co_await attend(gateway, entrance, *conversation);
  } catch (const std::exception& thrown) {
    unforeseen = thrown.what();
  }
  if (!unforeseen.empty())
    log_error("session ended by an exception", {{"peer", conversation->peer().to_string()}, {"what", unforeseen}});
  co_await conversation->close();
}

}  // namespace narrowgate::session
