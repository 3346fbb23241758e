#include "admin/endpoint.h"
#include "identity/key.h"

namespace narrowgate::admin {
namespace {

Result<const config::Agent*> known(const Parts& parts, const std::string& name) {
  if (const config::Agent* agent = parts.config->agent(name)) return agent;
  return Error{Code::not_found, Blame::client,
               fmt::format("agent \"{}\" is not in the configuration; add it under agents", visible(name))};
}

json::object key_json(const identity::KeyRecord& key, WallTime now) {
  json::object out{{"id", key.id}, {"agent", key.agent}, {"created", to_rfc3339(key.created)}, {"live", key.live(now)}};
  if (key.expires) out["expires"] = to_rfc3339(*key.expires);
  if (key.revoked) out["revoked"] = to_rfc3339(*key.revoked);
  return out;
}

Result<Answer> list(const Parts& parts, const Input&) {
  json::array out;
  for (const config::Agent& agent : parts.config->agents) {
    json::array templates;
    for (const std::string& name : agent.templates) templates.emplace_back(name);
    out.push_back({{"name", agent.name},
                   {"owner", agent.owner},
                   {"templates", templates},
                   {"suspended", parts.registry.agent_suspended(agent.name)},
                   {"sessions", parts.registry.sessions({grant::Target::agent, agent.name}).size()}});
  }
  return Answer(json::object{{"agents", out}});
}

Result<Answer> keys(const Parts& parts, const Input& input) {
  NG_TRY(const auto* agent, known(parts, input.parameter("name")));
  NG_TRY(const auto records, parts.store.agent_keys().of_agent(agent->name));
  json::array out;
  for (const auto& record : records) out.push_back(key_json(record, parts.clock.wall()));
  return Answer(json::object{{"keys", out}});
}

Result<Answer> enrol(const Parts& parts, const Input& input) {
  NG_TRY(const auto* agent, known(parts, input.parameter("name")));
  std::optional<WallTime> expires;
  if (const json::value* life = input.body.if_contains("life"); life != nullptr && life->is_string()) {
    NG_TRY(const auto duration, parse_duration(std::string_view(life->get_string())));
    expires = parts.clock.wall() + duration;
  }
  NG_TRY(const auto key, identity::enrol_key(parts.store.agent_keys(), agent->name, parts.clock.wall(), expires));
  json::object out = key_json(key.record, parts.clock.wall());
  out["key"] = key.text.expose();  // the only time it is ever shown
  return Answer(std::move(out));
}

Result<Answer> revoke_key(const Parts& parts, const Input& input) {
  const std::string id = input.parameter("id");
  NG_TRY(const auto record, parts.store.agent_keys().find(id));
  if (!record || record->agent != input.parameter("name"))
    return Error{Code::not_found, Blame::client, fmt::format("this agent has no key {}", visible(id))};
  NG_TRY_VOID(parts.store.agent_keys().revoke(id, parts.clock.wall()));
  return Answer(json::object{{"revoked", id}});
}

Result<Answer> suspend(const Parts& parts, const Input& input) {
  NG_TRY(const auto* agent, known(parts, input.parameter("name")));
  const json::value* reason = input.body.if_contains("reason");
  NG_TRY_VOID(parts.store.agents().suspend({.agent = agent->name,
                                            .by = input.human.name,
                                            .reason = reason && reason->is_string() ? std::string(reason->get_string()) : "",
                                            .since = parts.clock.wall()}));
  parts.registry.suspend_agent(agent->name);
  return Answer(json::object{{"suspended", agent->name}});
}

Result<Answer> restore(const Parts& parts, const Input& input) {
  NG_TRY(const auto* agent, known(parts, input.parameter("name")));
  NG_TRY(const bool was, parts.store.agents().restore(agent->name));
  parts.registry.restore_agent(agent->name);
  return Answer(json::object{{"restored", agent->name}, {"was_suspended", was}});
}

}  // namespace

std::vector<Endpoint> agent_endpoints() {
  return {
      {"GET", "/api/v1/agents", "Who may connect", Access::person, {}, {}, list},
      {"GET",
       "/api/v1/agents/{name}/keys",
       "An agent's enrolled keys; never the keys themselves",
       Access::operator_,
       {},
       {},
       keys},
      {"POST",
       "/api/v1/agents/{name}/keys",
       "Enrols a key and shows it once",
       Access::operator_,
       {{"life", "string", "how long it works: 30d, 12h; for ever if left out"}},
       {},
       enrol},
      {"DELETE", "/api/v1/agents/{name}/keys/{id}", "Revokes a key", Access::operator_, {}, {}, revoke_key},
      {"POST",
       "/api/v1/agents/{name}/suspend",
       "No new sessions for this agent",
       Access::operator_,
       {{"reason", "string", "for the record"}},
       {},
       suspend},
      {"POST", "/api/v1/agents/{name}/restore", "Lets it connect again", Access::operator_, {}, {}, restore},
  };
}

}  // namespace narrowgate::admin
