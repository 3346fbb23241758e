#include "session/tables.h"

#include "base/limits.h"
#include "base/log.h"
#include "grant/scope_json.h"

namespace narrowgate::session {
namespace {

Table scope_table(const Session& session) {
  Table table{.columns = {"resource", "verb", "object", "limits", "condition"}, .rows = {}, .tag = {}};
  for (const grant::Atom& atom : session.admission.grant->grant().scope.atoms())
    table.rows.push_back({atom.resource, atom.verb, atom.object.to_string(), grant::describe(atom.limits),
                          atom.where_required ? "with WHERE" : ""});
  return table;
}

Table status_table(const Session& session) {
  const grant::Grant& grant = session.admission.grant->grant();
  Table table{.columns = {"fact", "value"}, .rows = {}, .tag = {}};
  const auto row = [&](const char* fact, std::string value) { table.rows.push_back({fact, std::move(value)}); };
  row("session", session.id);
  row("agent", session.admission.agent.name);
  row("task", session.admission.task.id);
  row("template", session.admission.task.template_name);
  row("grant", grant.id);
  row("state", std::string(to_string(session.admission.grant->state())));
  row("until", to_rfc3339(grant.not_after));
  row("permitted", std::to_string(session.counts.permitted));
  row("held", std::to_string(session.counts.held));
  row("denied", std::to_string(session.counts.denied));
  return table;
}

// Any denial of this agent's: the task it was met in may be over.
Result<Done> ask_for(const Session& session, const std::string& decision, const std::string& why) {
  store::Decisions& decisions = session.gateway.store.decisions();
  NG_TRY(const auto row, decisions.find(decision));
  if (!row || row->agent != session.admission.agent.name)
    return Error{Code::not_found, Blame::client, "no such denial of this agent's"};
  return decisions.ask(decision, row->task, why);
}

Denial cannot_ask(const std::string& decision, Code why) {
  Denial denial;
  if (why != Code::not_found) {
    denial.message = "asking is not possible now";
    denial.retry = "after:30";
    return denial;
  }
  denial.code = DenialCode::policy_denied;
  denial.message = fmt::format("no denial of yours is called {}", visible(decision));
  denial.hint = "A denial's name is in its DETAIL, as decision: dec_…";
  denial.retry = "never";
  return denial;
}

// The agent asks for what was denied: written down for a person to see, and answered in one line.
Task<Result<Done>> take_request(Session& session, std::unique_ptr<Request> request) {
  const std::vector<std::string>& arguments = request->gateway_call()->arguments;
  const std::string decision = arguments[0], why = arguments[1].substr(0, limits::reason_bytes_max);
  const Result<Done> asked =
      co_await session.gateway.pool.run(*session.entrance.loop, [&] { return ask_for(session, decision, why); });
  const bool again = !asked.ok() && asked.error().code == Code::conflict;
  if (!asked.ok() && !again)
    co_return co_await session.conversation.refuse(std::move(request), cannot_ask(decision, asked.error().code));
  log_info("scope requested", {{"session", session.id}, {"decision", decision}, {"why", why}});
  session.noticed(fmt::format("narrowgate.request({}): {}", decision, why));
  std::string said = again ? fmt::format("{} was asked for already", decision)
                           : fmt::format("asked for what {} denied; a person will see it", decision);
  Table table{.columns = {"answer"}, .rows = {{std::move(said)}}, .tag = {}};
  co_return co_await session.conversation.answer(std::move(request), std::move(table));
}

}  // namespace

Task<Result<Done>> answer(Session& session, std::unique_ptr<Request> request) {
  const GatewayCall::What what = request->gateway_call()->what;
  if (what == GatewayCall::What::request) return take_request(session, std::move(request));
  if (what == GatewayCall::What::name)
    return session.conversation.answer(std::move(request), Table{.columns = {}, .rows = {}, .tag = "SET"});
  return session.conversation.answer(std::move(request),
                                     what == GatewayCall::What::scope ? scope_table(session) : status_table(session));
}

}  // namespace narrowgate::session
