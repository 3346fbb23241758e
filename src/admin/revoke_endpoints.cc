#include "admin/endpoint.h"

namespace narrowgate::admin {
namespace {

constexpr auto kWaitForStop = std::chrono::seconds(10);

Result<grant::Selector> selector_of(const Input& input) {
  NG_TRY(const std::string target, string_at(input.body, "target", "revocation"));
  const json::value* name = input.body.if_contains("name");
  grant::Selector selector;
  selector.name = name != nullptr && name->is_string() ? std::string(name->get_string()) : "";
  for (const auto one : {grant::Target::agent, grant::Target::task, grant::Target::grant, grant::Target::resource,
                         grant::Target::session, grant::Target::person, grant::Target::all}) {
    if (grant::to_string(one) != target) continue;
    selector.target = one;
    if (one != grant::Target::all && selector.name.empty())
      return Error{Code::malformed, Blame::client, fmt::format("\"name\" is missing: which {}?", target)};
    return selector;
  }
  return Error{
      Code::malformed, Blame::client,
      fmt::format("\"{}\" cannot be revoked; take agent, task, grant, resource, session, person or all", visible(target))};
}

json::array names(const std::vector<grant::SessionFacts>& sessions) {
  json::array out;
  for (const auto& session : sessions)
    out.push_back({{"session", session.session}, {"agent", session.agent}, {"resource", session.resource}});
  return out;
}

std::int64_t us(Duration duration) { return std::chrono::duration_cast<std::chrono::microseconds>(duration).count(); }

Result<Answer> preview(const Parts& parts, const Input& input) {
  NG_TRY(const grant::Selector selector, selector_of(input));
  const grant::Revoked would = parts.registry.preview(selector);
  return Answer(json::object{{"sessions", names(would.sessions)},
                             {"tasks", would.tasks.size()},
                             {"grants", would.grants.size()},
                             {"upstreams_busy", would.upstreams_busy}});
}

// The store first: a revocation that was answered stands, whatever happens to this process.
Result<Answer> revoke(const Parts& parts, const Input& input) {
  NG_TRY(const grant::Selector selector, selector_of(input));
  const json::value* words = input.body.if_contains("reason");
  const std::string reason = words != nullptr && words->is_string() ? std::string(words->get_string()) : "";
  NG_TRY(const std::uint64_t epoch,
         parts.store.revocations().add(
             {.epoch = 0, .selector = selector, .by = input.human.name, .reason = reason, .at = parts.clock.wall()}));
  const grant::Revoked revoked = parts.registry.revoke(selector, reason, grant::KillCause::revoked, epoch);
  NG_TRY(const std::size_t approvals, parts.approvals.revoke(selector, fmt::format("revoked by {}", input.human.name)));
  const grant::StopProgress stop = revoked.stop->wait(kWaitForStop);
  return Answer(json::object{{"epoch", epoch},
                             {"sessions", names(revoked.sessions)},
                             {"tasks", revoked.tasks.size()},
                             {"grants", revoked.grants.size()},
                             {"approvals", approvals},
                             {"clients_closed", stop.clients_closed},
                             {"clients_us", us(stop.client_slowest)},
                             {"upstreams_busy", stop.upstreams_busy},
                             {"upstreams_cancelled", stop.upstreams_cancelled},
                             {"upstreams_us", us(stop.upstream_slowest)},
                             {"complete", stop.complete()}});
}

}  // namespace

std::vector<Endpoint> revoke_endpoints() {
  const std::vector<Field> body{{"target", "string", "agent, task, grant, resource, session, person or all", true},
                                {"name", "string", "which one"},
                                {"reason", "string", "for the record"}};
  return {
      {"POST", "/api/v1/revoke", "Takes access back, and says how long that took", Access::operator_, body, {}, revoke},
      {"POST", "/api/v1/revoke/preview", "What that would stop", Access::operator_, body, {}, preview},
  };
}

}  // namespace narrowgate::admin
