// What the tests of this folder share: the security model's sample task, and short ways to say an operation.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "policy/engine.h"
#include "policy/load.h"

namespace narrowgate::policy::testing {

inline WallTime at(std::string_view rfc3339) { return from_rfc3339(rfc3339).value(); }
inline const WallTime noon = at("2026-11-22T12:00:00Z");

inline std::shared_ptr<const PolicySet> loaded(std::vector<Source> sources) {
  auto result = load(std::move(sources));
  EXPECT_TRUE(result.set != nullptr) << to_string(result.errors);
  return result.set;
}
inline std::shared_ptr<const PolicySet> loaded(std::string text) {
  return loaded(std::vector<Source>{{"test.cedar", std::move(text)}});
}
inline const std::shared_ptr<const PolicySet>& defaults() {
  static const auto set = loaded(default_sources());
  return set;
}

// refund-bot, owned by olu, works on refunds of the production database orders until 13:00.
inline GrantFacts refund_triage() {
  GrantFacts facts;
  facts.task = "tsk_1";
  facts.task_template = "refund-triage";
  facts.agent = "refund-bot";
  facts.issuer = "https://token.actions.githubusercontent.com";
  facts.subject = "repo:shop/refunds:environment:prod";
  facts.assurance = 2;
  facts.owner = "olu";
  facts.on_behalf_of = "olu";
  facts.expires = at("2026-11-22T13:00:00Z");
  facts.resource = "orders";
  facts.environment = "prod";
  facts.approvers = {"orders-oncall"};
  facts.classified = {{"pii", "public", "customers", {"email", "phone"}}, {"pii", "public", "cards", {}}};
  for (const auto* verb : {"SELECT", "UPDATE", "DELETE", "TRUNCATE", "DDL", "PRIVILEGE"})
    for (const auto* table : {"refunds", "customers"}) facts.scope.push_back({verb, "public", table, {}});
  return facts;
}

inline Effect effect(std::string verb, std::string object, std::vector<std::string> columns = {},
                     ObjectKind kind = ObjectKind::table) {
  return {std::move(verb), kind, std::move(object), std::move(columns), false};
}
inline Operation operation(Danger danger, std::vector<Effect> effects, bool has_where = false) {
  return {danger, true, std::move(effects), has_where, ""};
}
inline Operation select(std::string object, std::vector<std::string> columns = {}) {
  return operation(Danger::read, {effect("SELECT", std::move(object), std::move(columns))});
}
inline Operation update(std::string object, std::vector<std::string> columns = {}) {
  return operation(Danger::write, {effect("UPDATE", std::move(object), std::move(columns))}, true);
}

inline Enforced rows(std::uint64_t read, std::uint64_t written = 0) {
  return {read, written, 1u << 20, std::chrono::seconds(30)};
}
inline ApprovalFacts agreed(unsigned people) {
  ApprovalFacts facts;
  for (unsigned i = 0; i < people; ++i) facts.approvers.push_back("person-" + std::to_string(i));
  return facts;
}

inline constexpr auto permit = Verdict::Kind::permit, hold = Verdict::Kind::hold, deny = Verdict::Kind::deny;
using Ids = std::vector<std::string>;

}  // namespace narrowgate::policy::testing

namespace narrowgate::policy {
inline void PrintTo(const Verdict& verdict, std::ostream* out) {
  *out << to_string(verdict.kind) << " (" << to_string(verdict.code) << ", quorum " << verdict.quorum << ")";
  for (const auto& id : verdict.policies) *out << " " << id;
  for (const auto& error : verdict.errors) *out << "\n  error: " << error;
}
inline void PrintTo(Verdict::Kind kind, std::ostream* out) { *out << to_string(kind); }
}  // namespace narrowgate::policy
