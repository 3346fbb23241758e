#include "admin/api.h"

#include "base/log.h"
#include "recording/recorder.h"

namespace narrowgate::admin {
namespace {

std::string_view role_name(Access access) {
  switch (access) {
    case Access::anyone: return "";
    case Access::person: return "";
    case Access::approver: return "approver";
    case Access::auditor: return "auditor";
    case Access::operator_: return "operator";
    case Access::admin: return "admin";
  }
  return "";
}

bool allowed(const identity::Human& human, Access access) {
  using config::Role;
  switch (access) {
    case Access::anyone:
    case Access::person: return true;
    case Access::approver: return human.has(Role::approver);
    case Access::auditor: return human.has(Role::auditor) || human.has(Role::admin);
    case Access::operator_: return human.has(Role::operator_) || human.has(Role::admin);
    case Access::admin: return human.has(Role::admin);
  }
  return false;
}

unsigned status_of(Code code) {
  switch (code) {
    case Code::malformed:
    case Code::truncated: return 400;
    case Code::refused: return 403;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::too_large: return 413;
    case Code::unsupported: return 501;
    case Code::timed_out:
    case Code::closed:
    case Code::unavailable: return 503;
    case Code::bug: return 500;
  }
  return 500;
}

http::Response unauthorised() {
  http::Response response = http::problem(401, "a session token is needed; log in with: narrowgate login");
  response.headers.set("WWW-Authenticate", "Bearer");
  return response;
}

Result<identity::Human> caller(const Parts& parts, const http::Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view header = request.headers.get("Authorization");
  if (!header.starts_with(scheme)) return Error{Code::refused, Blame::client, "no session token"};
  return parts.people.by_session(SecretString(std::string(header.substr(scheme.size()))));
}

Result<json::object> body_of(const http::Request& request) {
  if (request.body.empty()) return json::object();
  NG_TRY(json::value value, parse_json(request.body));
  if (!value.is_object()) return Error{Code::malformed, Blame::client, "the body is not a JSON object"};
  return std::move(value.get_object());
}

// Unknown members are errors: a misspelt "ceiling" must not become none.
Result<Done> check_body(const Endpoint& endpoint, const json::object& body) {
  for (const auto& member : body) {
    const auto known = [&](const Field& field) { return member.key() == json::string_view(field.name); };
    if (std::none_of(endpoint.body.begin(), endpoint.body.end(), known))
      return Error{
          Code::malformed, Blame::client,
          fmt::format("\"{}\" is not a member of this request", std::string_view(member.key().data(), member.key().size()))};
  }
  for (const Field& field : endpoint.body)
    if (field.required && !body.contains(field.name))
      return Error{Code::malformed, Blame::client, fmt::format("\"{}\" is missing: {}", field.name, field.about)};
  return Done{};
}

http::Response answered(Result<Answer> answer) {
  if (!answer.ok()) return http::problem(status_of(answer.error().code), answer.error().detail);
  if (!answer->content_type.empty()) return http::text_response(200, std::move(answer->text), std::move(answer->content_type));
  return http::json_response(200, answer->document);
}

http::Response handle_blocking(const Parts& parts, const Endpoint& endpoint, const http::Call& call) {
  identity::Human human;
  if (endpoint.access != Access::anyone) {
    Result<identity::Human> who = caller(parts, call.request);
    if (!who.ok()) return unauthorised();
    human = std::move(who).take();
    if (!allowed(human, endpoint.access))
      return http::problem(403, fmt::format("{} lacks the role {}", human.name, role_name(endpoint.access)));
  }
  Result<json::object> body = body_of(call.request);
  if (!body.ok()) return http::problem(400, body.error().detail);
  if (const Result<Done> checked = check_body(endpoint, *body); !checked.ok()) return http::problem(400, checked.error().detail);
  return answered(endpoint.handle(parts, Input{call, std::move(body).take(), std::move(human)}));
}

Task<http::Response> handle(const Parts& parts, const Endpoint& endpoint, const http::Call& call) {
  co_return co_await parts.pool.run(call.loop, [&] { return handle_blocking(parts, endpoint, call); });
}

json::object schema_of(const std::vector<Field>& fields) {
  json::object properties;
  json::array required;
  for (const Field& field : fields) {
    properties[field.name] = {{"type", field.type}, {"description", field.about}};
    if (field.required) required.emplace_back(field.name);
  }
  json::object schema{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}};
  if (!required.empty()) schema["required"] = required;
  return schema;
}

json::object describe(const Endpoint& endpoint) {
  json::object out{{"summary", endpoint.summary}};
  json::array parameters;
  const std::string path = endpoint.path;
  for (auto at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1))
    parameters.push_back({{"name", path.substr(at + 1, path.find('}', at) - at - 1)},
                          {"in", "path"},
                          {"required", true},
                          {"schema", {{"type", "string"}}}});
  for (const Field& field : endpoint.query)
    parameters.push_back({{"name", field.name},
                          {"in", "query"},
                          {"required", field.required},
                          {"description", field.about},
                          {"schema", {{"type", field.type}}}});
  if (!parameters.empty()) out["parameters"] = parameters;
  if (!endpoint.body.empty())
    out["requestBody"] = {{"required", true}, {"content", {{"application/json", {{"schema", schema_of(endpoint.body)}}}}}};
  out["responses"] = {
      {"200", {{"description", "done"}}},
      {"default", {{"description", "problem+json"}, {"content", {{"application/problem+json", json::object()}}}}}};
  if (endpoint.access == Access::anyone) out["security"] = json::array();
  if (const auto role = role_name(endpoint.access); !role.empty()) out["description"] = fmt::format("Needs the role {}.", role);
  return out;
}

std::string lower(std::string text) {
  for (char& c : text) c = char(std::tolower(Byte(c)));
  return text;
}

http::Response ready(const Parts& parts) {
  std::string trouble = parts.recorder.trouble();
  if (trouble.empty())
    if (const Result<Done> store = parts.store.check(); !store.ok()) trouble = store.error().detail;
  return trouble.empty() ? http::text_response(200, "ready\n") : http::text_response(503, "not ready: " + trouble + "\n");
}

Task<http::Response> health(const http::Call&) { co_return http::text_response(200, "ok\n"); }
Task<http::Response> readiness(const Parts& parts, const http::Call& call) {
  co_return co_await parts.pool.run(call.loop, [&parts] { return ready(parts); });
}
Task<http::Response> metrics(const Parts& parts, const http::Call&) {
  const recording::Counters counters = parts.recorder.counters();
  std::string text = parts.metrics.text();
  text += fmt::format(
      "# HELP narrowgate_records_total Records appended\n# TYPE narrowgate_records_total counter\nnarrowgate_records_total {}\n",
      counters.records_appended);
  text += fmt::format(
      "# HELP narrowgate_recorder_ready Can new work be recorded\n# TYPE narrowgate_recorder_ready "
      "gauge\nnarrowgate_recorder_ready {}\n",
      counters.ready ? 1 : 0);
  co_return http::text_response(200, std::move(text), "text/plain; version=0.0.4; charset=utf-8");
}
Task<http::Response> description(const http::Call&) { co_return http::json_response(200, openapi()); }

}  // namespace

std::vector<Endpoint> all_endpoints() {
  std::vector<Endpoint> all;
  for (auto* part :
       {people_endpoints, approval_endpoints, session_endpoints, revoke_endpoints, agent_endpoints, catalog_endpoints})
    for (Endpoint& endpoint : part()) all.push_back(std::move(endpoint));
  return all;
}

http::Router api_router(const Parts& parts) {
  http::Router router;
  for (const Endpoint& endpoint : all_endpoints()) {
    const auto kept = std::make_shared<const Endpoint>(endpoint);
    router.on(endpoint.method, endpoint.path, [&parts, kept](const http::Call& call) { return handle(parts, *kept, call); });
  }
  router.on("GET", "/api/openapi.json", description);
  return router;
}

http::Router machine_router(const Parts& parts) {
  http::Router router;
  router.on("GET", "/healthz", health);
  router.on("GET", "/readyz", [&parts](const http::Call& call) { return readiness(parts, call); });
  router.on("GET", "/metrics", [&parts](const http::Call& call) { return metrics(parts, call); });
  return router;
}

json::object openapi() {
  json::object paths;
  for (const Endpoint& endpoint : all_endpoints()) {
    json::value& path = paths[endpoint.path];
    if (path.is_null()) path = json::object();
    path.get_object()[lower(endpoint.method)] = describe(endpoint);
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Narrowgate"},
            {"version", "1"},
            {"description", "Grants, approvals, sessions and revocation of a Narrowgate gateway."}}},
          {"security", json::array{json::object{{"session", json::array()}}}},
          {"components", {{"securitySchemes", {{"session", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
          {"paths", paths}};
}

}  // namespace narrowgate::admin
