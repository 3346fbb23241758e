#include "identity/claims.h"

#include <fmt/format.h>

#include <algorithm>

namespace narrowgate::identity {
namespace {

constexpr std::string_view github_issuer = "https://token.actions.githubusercontent.com";
constexpr std::string_view aws_issuer_suffix = ".tokens.sts.global.api.aws";
constexpr std::string_view aws_claim = "/https:~1~1sts.amazonaws.com~1/";  // a JSON pointer: ~1 is a slash
constexpr std::string_view kubernetes_claim = "/kubernetes.io/";

std::vector<std::string> paths_of(Kind kind) {
  switch (kind) {
    case Kind::github_actions:
      return {"repository_id", "repository_owner_id", "job_workflow_ref", "runner_environment",
              "environment",   "event_name",          "actor_id"};
    case Kind::kubernetes:
      return {fmt::format("{}namespace", kubernetes_claim), fmt::format("{}serviceaccount/name", kubernetes_claim),
              fmt::format("{}serviceaccount/uid", kubernetes_claim)};
    case Kind::aws: return {fmt::format("{}aws_account", aws_claim), fmt::format("{}org_id", aws_claim)};
    default: return {};
  }
}

}  // namespace

bool fits(const config::TokenIdentity& identity, const VerifiedToken& token) {
  if (identity.issuer != token.issuer->name) return false;
  if (identity.subject.empty() && identity.claims.empty()) return false;  // would fit everybody
  if (!identity.subject.empty() && identity.subject != token.subject) return false;
  return std::all_of(identity.claims.begin(), identity.claims.end(),
                     [&](const auto& wanted) { return claim_text(token.claims, wanted.first) == wanted.second; });
}

Kind kind_of(const VerifiedToken& token) {
  if (token.issuer->url == github_issuer) return Kind::github_actions;
  if (token.issuer->url.ends_with(aws_issuer_suffix)) return Kind::aws;
  if (token.claims.contains("kubernetes.io")) return Kind::kubernetes;
  if (token.subject.starts_with("spiffe://")) return Kind::spiffe;
  return Kind::oidc;
}

std::string instance_of(Kind kind, const json::object& claims) {
  if (kind == Kind::kubernetes) return claim_text(claims, fmt::format("{}pod/uid", kubernetes_claim)).value_or("");
  if (kind != Kind::github_actions) return {};
  const auto run = claim_text(claims, "run_id");
  return run ? fmt::format("run:{}/{}", *run, claim_text(claims, "run_attempt").value_or("1")) : std::string();
}

std::map<std::string, std::string> telling_claims(Kind kind, const json::object& claims) {
  std::map<std::string, std::string> out;
  for (const auto& path : paths_of(kind))
    if (auto value = claim_text(claims, path)) out.emplace(path, std::move(*value));
  return out;
}

}  // namespace narrowgate::identity
