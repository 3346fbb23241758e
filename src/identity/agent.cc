#include "identity/agent.h"

namespace narrowgate::identity {
namespace {

json::object object_of(const std::map<std::string, std::string>& pairs) {
  json::object out;
  for (const auto& [key, value] : pairs) out[key] = value;
  return out;
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::enrolled_key: return "enrolled-key";
    case Kind::oidc: return "oidc";
    case Kind::github_actions: return "github-actions";
    case Kind::kubernetes: return "kubernetes";
    case Kind::aws: return "aws";
    case Kind::certificate: return "certificate";
    case Kind::spiffe: return "spiffe";
  }
  return "?";
}

json::object to_json(const Agent& agent) {
  json::object out{{"agent", agent.name},
                   {"issuer", agent.issuer},
                   {"subject", agent.subject},
                   {"kind", to_string(agent.kind)},
                   {"assurance", int(agent.assurance)},
                   {"bound_key", object_of(agent.bound_key)},
                   {"instance", agent.instance},
                   {"claims_used", object_of(agent.claims_used)},
                   {"owner", agent.owner}};
  out["token"] = nullptr;
  if (agent.token) out["token"] = json::object{{"jti", agent.token->jti}, {"iat", agent.token->iat}, {"exp", agent.token->exp}};
  out["on_behalf_of"] = agent.on_behalf_of.empty() ? json::value(nullptr) : json::value(agent.on_behalf_of);
  return out;
}

}  // namespace narrowgate::identity
