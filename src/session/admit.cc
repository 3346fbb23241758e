#include "session/admit.h"

#include <fmt/ranges.h>

#include "base/id.h"
#include "base/limits.h"
#include "session/end_task.h"
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
                       const grant::Budget& budget, const policy::PolicySet& policies) {
  grant::Grant grant;
  grant.id = new_id(IdKind::grant, gateway.clock.wall());
  grant.task = task.id;
  grant.agent = task.agent;
  grant.owner = task.owner;
  grant.on_behalf_of = task.on_behalf_of;
  grant.resource = resource.name;
  grant.asked = grant.scope = task.scope.on(resource.name);
  grant.budget = budget;
  grant.not_before = task.created;
  grant.not_after = task.not_after;
  grant.policy = policies.version();
  grant.epoch = gateway.registry.epoch();
  grant.state = grant::GrantState::active;
  return grant;
}

// What a connection asks for, found in the configuration.
struct Wanted {
  const config::Agent& agent;
  const config::Template& task_template;
  const Place& place;
  const Hello& hello;
  const identity::Agent& identity;
};

Work work_of(const Wanted& wanted, const policy::PolicySet& policies) {
  const identity::Agent& who = wanted.identity;
  return {.agent = who.name,
          .issuer = who.issuer,
          .subject = who.subject,
          .instance = who.instance,
          .on_behalf_of = who.on_behalf_of,
          .assurance = int(who.assurance),
          .task_template = wanted.task_template.name,
          .reason = wanted.hello.reason,
          .ticket = wanted.hello.ticket,
          .resource = wanted.place.resource->name,
          .database = wanted.place.database,
          .policies = policies.version()};
}

// Asked for each connection: the answer may depend on the time of day.
std::optional<Denial> may_connect(const Gateway& gateway, const Wanted& wanted, const LiveTask& task) {
  if (task.grant && task.grant->state() == grant::GrantState::suspended)
    return no(DenialCode::suspended, fmt::format("task {} is suspended: too many denials in a short time", task.task.id),
              "A person can look at what was denied.");
  if (task.grant && task.grant->state() == grant::GrantState::exhausted)
    return no(DenialCode::limit_exceeded, fmt::format("the budget of task {} is used up", task.task.id),
              fmt::format("Its time is up at {}.", to_rfc3339(task.task.not_after)));
  const policy::Verdict open = task.slice->connect(gateway.clock.wall());
  if (open.kind == policy::Verdict::Kind::permit) return std::nullopt;
  Denial denial =
      no(DenialCode::policy_denied,
         fmt::format("policy does not let task {} open resource {}", wanted.task_template.name, wanted.place.resource->name),
         open.advice);
  denial.policies = open.policies;
  return denial;
}

// Declares the task, writes both down and makes the grant live. Blocks.
Result<LiveTasks::Begun> begin(const Gateway& gateway, const Wanted& wanted, std::shared_ptr<const policy::PolicySet> policies) {
  const config::Resource& resource = *wanted.place.resource;
  LiveTask out;
  NG_TRY(out.task, declare(gateway, wanted.agent, wanted.task_template, wanted.hello, wanted.identity));
  out.policies = std::move(policies);
  out.asked = out.task.scope.on(resource.name);
  if (out.asked.empty())
    return LiveTasks::Begun(no(DenialCode::scope_denied,
                               fmt::format("template {} leaves nothing of resource {} to agent {}", wanted.task_template.name,
                                           resource.name, wanted.agent.name),
                               "Its ceiling and the template's scope have nothing in common; ask the agent's owner."));
  out.slice = out.policies->slice(facts_for(out.task, wanted.identity, resource, wanted.task_template));
  if (auto denial = may_connect(gateway, wanted, out)) return LiveTasks::Begun(*std::move(denial));

  grant::Grant grant = grant_for(gateway, out.task, resource, wanted.task_template.budget, *out.policies);
  NG_TRY_VOID(gateway.store.grants().add(out.task));
  NG_TRY_VOID(gateway.store.grants().add(grant));
  Result<std::shared_ptr<grant::LiveGrant>> live = gateway.registry.issue(std::move(grant));
  if (!live.ok())
    return LiveTasks::Begun(
        no(DenialCode::revoked, fmt::format("agent {} is suspended or revoked", wanted.identity.name), "Ask its owner."));
  out.grant = std::move(live).take();
  return LiveTasks::Begun(std::move(out));
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

  const Wanted wanted{*configured, task_template, place, hello, agent};
  const std::shared_ptr<const policy::PolicySet> policies = gateway.policies.current();
  Admission out;
  out.work = work_of(wanted, *policies);
  std::optional<LiveTask> joined = gateway.tasks.join(out.work);
  if (!joined) {
    auto begun = co_await gateway.pool.run(
        *entrance.loop, [&] { return gateway.tasks.join_or_begin(out.work, [&] { return begin(gateway, wanted, policies); }); });
    if (!begun.ok()) co_return begun.error();
    if (auto* denial = std::get_if<Denial>(&*begun)) co_return Admitted(std::move(*denial));
    joined = std::get<LiveTask>(std::move(*begun));
  }
  static_cast<LiveTask&>(out) = *std::move(joined);
  if (auto denial = may_connect(gateway, wanted, out)) {
    co_await leave_task(gateway, *entrance.loop, out.work, out, task_template.linger);
    co_return Admitted(*std::move(denial));
  }
  out.task_template = &task_template;
  out.resource = place.resource;
  out.database = place.database;
  out.agent = std::move(agent);
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
