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

// Any denial of this agent's: each connection is a task of its own, so asking from another one must do.
Result<Done> ask_for(const Session& session, const std::string& decision, const std::string& why) {
  store::Decisions& decisions = session.gateway.store.decisions();
  NG_TRY(const auto row, decisions.find(decision));
  if (!row || row->agent != session.admission.agent.name)
    return Error{Code::not_found, Blame::client, "no such denial of this agent's"};
  return decisions.ask(decision, row->task, why);
}

// The agent asks for what was denied: written down for a person to see, and answered in one line.
Task<Table> take_request(Session& session, std::vector<std::string> arguments) {
  const std::string decision = arguments[0], why = arguments[1].substr(0, limits::reason_bytes_max);
  const Result<Done> asked =
      co_await session.gateway.pool.run(*session.entrance.loop, [&] { return ask_for(session, decision, why); });
  std::string said = fmt::format("asked for what {} denied; a person will see it", decision);
  if (!asked.ok() && asked.error().code == Code::conflict) said = fmt::format("{} was asked for already", decision);
  else if (!asked.ok() && asked.error().code == Code::not_found)
    said = fmt::format("no denial of yours is called {}", visible(decision));
  else if (!asked.ok()) said = "asking is not possible now; try again later";
  log_info("scope requested", {{"session", session.id}, {"decision", decision}, {"why", why}});
  session.noticed(fmt::format("narrowgate.request({}): {}", decision, why));
  co_return Table{.columns = {"answer"}, .rows = {{std::move(said)}}, .tag = {}};
}

}  // namespace

Task<Result<Done>> answer(Session& session, std::unique_ptr<Request> request) {
  const GatewayCall call = *request->gateway_call();
  Table table;
  switch (call.what) {
    case GatewayCall::What::scope: table = scope_table(session); break;
    case GatewayCall::What::status: table = status_table(session); break;
    case GatewayCall::What::request: table = co_await take_request(session, call.arguments); break;
  }
  co_return co_await session.conversation.answer(std::move(request), std::move(table));
}

}  // namespace narrowgate::session
