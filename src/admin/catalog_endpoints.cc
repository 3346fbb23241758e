#include "admin/endpoint.h"
#include "grant/scope_json.h"

namespace narrowgate::admin {
namespace {

Result<Answer> resources(const Parts& parts, const Input&) {
  json::array out;
  for (const config::Resource& resource : parts.config->resources)
    out.push_back(
        {{"name", resource.name},
         {"kind", "postgres"},
         {"environment", resource.environment},
         {"upstream", fmt::format("{}:{}/{}", resource.upstream.host, resource.upstream.port, resource.upstream.database)},
         {"sessions", parts.registry.sessions({grant::Target::resource, resource.name}).size()}});
  return Answer(json::object{{"resources", out}});
}

Result<Answer> templates(const Parts& parts, const Input&) {
  json::array out;
  for (const config::Template& one : parts.config->templates) {
    json::array agents, scope;
    for (const std::string& agent : one.agents) agents.emplace_back(agent);
    for (const config::ScopeRule& rule : one.scope)
      for (const grant::Atom& atom : config::atoms_of(rule)) scope.push_back(grant::to_json(atom));
    out.push_back({{"name", one.name}, {"agents", agents}, {"duration", format_duration(one.duration)}, {"scope", scope}});
  }
  return Answer(json::object{{"templates", out}});
}

Result<Answer> grants(const Parts& parts, const Input& input) {
  NG_TRY(const auto rows, parts.store.grants().grants({.task = input.query("task"),
                                                       .agent = input.query("agent"),
                                                       .resource = input.query("resource"),
                                                       .live_only = input.query("live") == "true",
                                                       .limit = 100}));
  json::array out;
  for (const grant::Grant& one : rows)
    out.push_back({{"id", one.id},
                   {"task", one.task},
                   {"agent", one.agent},
                   {"resource", one.resource},
                   {"state", grant::to_string(one.state)},
                   {"scope", grant::to_json(one.scope)},
                   {"not_before", to_rfc3339(one.not_before)},
                   {"not_after", to_rfc3339(one.not_after)},
                   {"policy", one.policy}});
  return Answer(json::object{{"grants", out}});
}

Result<Answer> tasks(const Parts& parts, const Input& input) {
  NG_TRY(
      const auto rows,
      parts.store.grants().tasks(
          {.task = {}, .agent = input.query("agent"), .resource = {}, .live_only = input.query("live") == "true", .limit = 100}));
  json::array out;
  for (const grant::Task& one : rows)
    out.push_back({{"id", one.id},
                   {"agent", one.agent},
                   {"template", one.template_name},
                   {"state", grant::to_string(one.state)},
                   {"reason", visible(one.reason)},
                   {"ticket", visible(one.ticket)},
                   {"created", to_rfc3339(one.created)},
                   {"not_after", to_rfc3339(one.not_after)}});
  return Answer(json::object{{"tasks", out}});
}

}  // namespace

std::vector<Endpoint> catalog_endpoints() {
  const std::vector<Field> filter{{"agent", "string", "its name"}, {"live", "boolean", "only what is live now"}};
  std::vector<Field> grant_filter = filter;
  grant_filter.push_back({"task", "string", "tsk_…"});
  grant_filter.push_back({"resource", "string", "its name"});
  return {
      {"GET", "/api/v1/resources", "What is behind the gateway", Access::person, {}, {}, resources},
      {"GET", "/api/v1/templates", "What each kind of work may need at most", Access::person, {}, {}, templates},
      {"GET", "/api/v1/grants", "What was granted", Access::person, {}, grant_filter, grants},
      {"GET", "/api/v1/tasks", "What was declared", Access::person, {}, filter, tasks},
  };
}

}  // namespace narrowgate::admin
