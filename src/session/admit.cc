#include "session/admit.h"

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/limits.h"
#include "session/grant_facts.h"

namespace narrowgate::session {
namespace {

using Admitted = std::variant<Admission, Denial>;

Denial no(DenialCode code, std::string message, std::string hint) {
  Denial denial;
  denial.code = code;
  denial.message = std::move(message);
  denial.hint = std::move(hint);
  denial.retry = "never";
  return denial;
}

std::string list(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

// Which template this connection is for: named by the client, or the agent's default, or the listener's.
std::variant<const config::Template*, Denial> choose_template(const config::Config& config, const Entrance& entrance,
                                                              const config::Agent& agent, const Hello& hello) {
  std::string name = hello.task_template;
  if (name.empty()) name = agent.default_template;
  if (name.empty()) name = entrance.default_template;
  if (name.empty())
    return no(DenialCode::scope_denied, "no task was named, and without a task nothing is allowed",
              fmt::format("Name one: -c narrowgate.task=TEMPLATE. Templates of {}: {}.", agent.name, list(agent.templates)));
  const config::Template* found = config.find_template(name);
  if (found == nullptr || !std::binary_search(agent.templates.begin(), agent.templates.end(), name))
    return no(DenialCode::scope_denied, fmt::format("agent {} has no template \"{}\"", agent.name, visible(name)),
              fmt::format("Its templates: {}.", list(agent.templates)));
  if (found->reason == config::Reason::required && hello.reason.empty())
    return no(DenialCode::scope_denied, fmt::format("template {} wants a reason", name),
              "Give one: -c narrowgate.reason='why this work is done'.");
  return found;
}

struct Place {
  const config::Resource* resource;
  std::string database;
};

// "orders", "orders/reporting", or the database itself where the listener has a default resource. A resource that no atom of the
// template names looks the same as one that does not exist.
std::variant<Place, Denial> choose_place(const config::Config& config, const Entrance& entrance,
                                         const config::Template& task_template, const Hello& hello) {
  std::string name = hello.place, database;
  if (!entrance.default_resource.empty()) {
    database = std::exchange(name, entrance.default_resource);
  } else if (const auto slash = name.find('/'); slash != std::string::npos) {
    database = name.substr(slash + 1);
    name.resize(slash);
  }
  std::vector<std::string> reachable;
  for (const config::ScopeRule& rule : task_template.scope)
    if (std::find(reachable.begin(), reachable.end(), rule.resource) == reachable.end()) reachable.push_back(rule.resource);
  const config::Resource* resource = config.resource(name);
  if (resource == nullptr || std::find(reachable.begin(), reachable.end(), name) == reachable.end())
    return no(DenialCode::scope_denied, fmt::format("template {} reaches no resource \"{}\"", task_template.name, visible(name)),
              fmt::format("Set dbname to one of: {}.", list(reachable)));
  const auto& databases = resource->upstream.databases;
  const bool known = database.empty() || database == resource->upstream.database ||
                     std::find(databases.begin(), databases.end(), database) != databases.end() ||
                     std::find(databases.begin(), databases.end(), "*") != databases.end();
  if (!known)
    return no(DenialCode::scope_denied, fmt::format("resource {} has no database \"{}\"", name, visible(database)),
              fmt::format("Connect with dbname={}.", name));
  return Place{resource, database.empty() ? resource->upstream.database : database};
}

Result<grant::Task> declare(const Gateway& gateway, const config::Agent& agent, const config::Template& task_template,
                            const Hello& hello, const identity::Agent& identity) {
  const WallTime now = gateway.clock.wall();
  NG_TRY(grant::Task task, declared_task(agent, task_template, identity, now));
  task.id = new_id(IdKind::task, now);
  task.reason = hello.reason;
  task.ticket = hello.ticket;
  return task;
}

grant::Grant grant_for(const Gateway& gateway, const grant::Task& task, const config::Resource& resource,
                       const policy::PolicySet& policies) {
  grant::Grant grant;
  grant.id = new_id(IdKind::grant, gateway.clock.wall());
  grant.task = task.id;
  grant.agent = task.agent;
  grant.owner = task.owner;
  grant.on_behalf_of = task.on_behalf_of;
  grant.resource = resource.name;
  grant.asked = grant.scope = task.scope.on(resource.name);
  grant.not_before = task.created;
  grant.not_after = task.not_after;
  grant.policy = policies.version();
  grant.epoch = gateway.registry.epoch();
  grant.state = grant::GrantState::active;
  return grant;
}

}  // namespace

Task<Result<Admitted>> admit(const Gateway& gateway, const Entrance& entrance, const Hello& hello, identity::Agent agent) {
  const config::Config& config = *gateway.config;
  const config::Agent* configured = config.agent(agent.name);
  if (configured == nullptr) co_return Admitted(no(DenialCode::identity, "identity not accepted", ""));
  auto chosen = choose_template(config, entrance, *configured, hello);
  if (auto* denial = std::get_if<Denial>(&chosen)) co_return Admitted(std::move(*denial));
  const config::Template& task_template = *std::get<const config::Template*>(chosen);
  auto placed = choose_place(config, entrance, task_template, hello);
  if (auto* denial = std::get_if<Denial>(&placed)) co_return Admitted(std::move(*denial));
  const Place place = std::get<Place>(std::move(placed));

  Result<grant::Task> task = declare(gateway, *configured, task_template, hello, agent);
  if (!task.ok()) co_return task.error();
  Admission out;
  out.task = std::move(task).take();
  out.resource = place.resource;
  out.database = place.database;
  out.policies = gateway.policies.current();
  out.asked = out.task.scope.on(place.resource->name);
  if (out.asked.empty())
    co_return Admitted(no(DenialCode::scope_denied,
                          fmt::format("template {} leaves nothing of resource {} to agent {}", task_template.name,
                                      place.resource->name, agent.name),
                          "Its ceiling and the template's scope have nothing in common; ask the agent's owner."));
  out.slice = out.policies->slice(facts_for(out.task, agent, *place.resource, task_template));
  const policy::Verdict open = out.slice->connect(gateway.clock.wall());
  if (open.kind != policy::Verdict::Kind::permit) {
    Denial denial =
        no(DenialCode::policy_denied,
           fmt::format("policy does not let task {} open resource {}", task_template.name, place.resource->name), open.advice);
    denial.policies = open.policies;
    co_return Admitted(std::move(denial));
  }
  out.agent = std::move(agent);

  grant::Grant grant = grant_for(gateway, out.task, *place.resource, *out.policies);
  const Result<Done> kept = co_await gateway.pool.run(*entrance.loop, [&]() -> Result<Done> {
    NG_TRY_VOID(gateway.store.grants().add(out.task));
    return gateway.store.grants().add(grant);
  });
  if (!kept.ok()) co_return kept.error();
  Result<std::shared_ptr<grant::LiveGrant>> live = gateway.registry.issue(std::move(grant));
  if (!live.ok())
    co_return Admitted(
        no(DenialCode::revoked, fmt::format("agent {} is suspended or revoked", out.agent.name), "Ask its owner."));
  out.grant = std::move(live).take();
  co_return Admitted(std::move(out));
}

std::vector<std::string> admission_notices(const Admission& admission, const std::vector<ObjectName>& tables) {
  std::vector<grant::KnownTable> known;
  for (const ObjectName& table : tables) known.push_back({table.schema, table.name});
  const grant::Narrowed narrowed = grant::narrow(admission.asked, admission.grant->grant().scope, known);
  return {fmt::format("narrowgate: {} for task {} until {}; see narrowgate.scope", narrowed.words, admission.task.id,
                      to_rfc3339(admission.task.not_after))};
}

}  // namespace narrowgate::session
