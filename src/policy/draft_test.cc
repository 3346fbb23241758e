// The requests that the security model's draft was checked with (security-model §5.6), and its four pitfalls.
#include "policy/cedar.h"
#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

struct Row {
  const char* what;
  Operation operation;
  Enforced enforced;
  std::string expected;  // the verdict, and the policies that determined it
  std::optional<ApprovalFacts> approval = std::nullopt;
};

std::string told(const Verdict& verdict) {
  std::string out(to_string(verdict.kind));
  for (const auto& id : verdict.policies) out += " " + id;
  return out;
}
Operation bulk_update() { return update("public.refunds"); }
Operation truncate() { return operation(Danger::write, {effect("TRUNCATE", "public.refunds")}); }
ApprovalFacts of_another_digest() {
  auto facts = agreed(1);
  facts.digest_matches = false;
  return facts;
}
ApprovalFacts over() {
  auto facts = agreed(1);
  facts.expires = at("2026-11-22T11:59:59Z");
  return facts;
}

TEST(Draft, sql_requests_come_out_as_intended) {
  auto unclassified = select("public.refunds");
  unclassified.classified = false;
  const std::vector<Row> rows_{
      {"select refunds", select("public.refunds"), rows(500), "permit reads"},
      {"select customers.id", select("public.customers", {"id"}), rows(500), "permit reads"},
      {"select customers.email", select("public.customers", {"email"}), rows(500), "hold pii"},
      {"select cards, not in the task", select("public.cards"), rows(500), "deny scope pii"},
      {"update refunds, keyed, cap 10", update("public.refunds", {"state"}), rows(500, 10), "permit writes"},
      {"update refunds, 4000 rows", bulk_update(), rows(500, 4'000), "hold writes-asked"},
      {"insert, verb not in the task", operation(Danger::write, {effect("INSERT", "public.refunds")}), rows(0, 10), "deny scope"},
      {"unclassified", unclassified, rows(500), "deny understood"},
      {"ddl on prod", operation(Danger::ddl, {effect("DDL", "public.refunds")}), rows(0), "hold definitions-two-people"},
      {"truncate prod", truncate(), rows(0), "hold definitions-two-people"},
      {"truncate prod, one person", truncate(), rows(0), "deny definitions-two-people", agreed(1)},
      {"truncate prod, two people", truncate(), rows(0), "permit definitions", agreed(2)},
      {"approved, digest differs", bulk_update(), rows(0, 500), "deny approval-must-match", of_another_digest()},
      {"approved, digest equal", bulk_update(), rows(0, 500), "permit writes", agreed(1)},
      {"approval expired", bulk_update(), rows(0, 500), "deny approval-must-match", over()},
  };
  const auto slice = defaults()->slice(refund_triage());
  for (const auto& row : rows_)
    EXPECT_EQ(told(slice->evaluate(row.operation, row.enforced, noon, row.approval)), row.expected) << row.what;
  EXPECT_EQ(told(slice->evaluate(select("public.refunds"), rows(500), at("2026-11-22T13:00:00Z"))), "deny liveness");
  EXPECT_EQ(told(slice->connect(noon)), "permit connect");
}

// Kubernetes and AWS have no Operation yet, so their requests are put to Cedar as they are.
class Cluster : public ::testing::Test {
 protected:
  static constexpr const char* entities_ = R"([
    {"uid":{"type":"Narrowgate::Agent","id":"refund-bot"},"attrs":{"issuer":"","subject":"","assurance":2,
        "owner":{"__entity":{"type":"Narrowgate::Human","id":"olu"}},"namesake":{"__entity":{"type":"Narrowgate::Human",
        "id":"refund-bot"}},"suspended":false},"parents":[]},
    {"uid":{"type":"Narrowgate::Task","id":"t1"},"attrs":{"agent":{"__entity":{"type":"Narrowgate::Agent","id":"refund-bot"}},
        "expiresAt":{"__extn":{"fn":"datetime","arg":"2026-11-22T13:00:00Z"}},"breakGlass":false,
      "databases":[{"__entity":{"type":"Narrowgate::Database","id":"orders"}}],
          "clusters":[{"__entity":{"type":"Narrowgate::Cluster","id":"prod"}}],"accounts":[],
      "namespaces":[{"__entity":{"type":"Narrowgate::Namespace","id":"prod/shop"}}],
          "aws":[{"__entity":{"type":"Narrowgate::AwsResource","id":"arn:aws:s3:::reports/2026/"}}]},
     "parents":[{"type":"Narrowgate::Agent","id":"refund-bot"},{"type":"Narrowgate::TaskTemplate","id":"refund-triage"}]},
    {"uid":{"type":"Narrowgate::Namespace","id":"prod/shop"},"attrs":{},"parents":[{"type":"Narrowgate::Cluster","id":"prod"}]},
    {"uid":{"type":"Narrowgate::KubeObject","id":"prod/shop/pods/web"},"attrs":{"group":"","kind":"Pod"},
        "parents":[{"type":"Narrowgate::Namespace","id":"prod/shop"}]},
    {"uid":{"type":"Narrowgate::KubeObject","id":"prod/shop/secrets/db"},"attrs":{"group":"","kind":"Secret"},
        "parents":[{"type":"Narrowgate::Namespace","id":"prod/shop"}]},
    {"uid":{"type":"Narrowgate::AwsResource","id":"arn:aws:s3:::reports/2026/a.csv"},"attrs":{},
        "parents":[{"type":"Narrowgate::AwsResource","id":"arn:aws:s3:::reports/2026/"}]}
  ])";

  void SetUp() override { use(default_sources()); }

  void use(std::vector<Source> sources) {
    std::vector<ng_cedar_source> borrowed;
    for (const auto& source : sources) borrowed.push_back({cedar::borrow(source.name), cedar::borrow(source.text)});
    cedar::Text report;
    set_.reset(
        ng_cedar_load({cedar::borrow("schema"), cedar::borrow(schema_text())}, borrowed.data(), borrowed.size(), report.out()));
    ASSERT_TRUE(set_) << report.str();
    auto made = cedar::entities_from(*set_, entities_);
    ASSERT_TRUE(made.ok()) << made.error().detail;
    known_ = std::move(made).take();
    policies_.reset(ng_cedar_slice_whole(set_.get()));
  }

  cedar::Answer ask(std::string_view action, std::string_view type, std::string id, std::optional<unsigned> people = {},
                    std::string task = "t1") {
    cedar::Context context;
    context.now = "2026-11-22T12:00:00Z";
    context.verb = "GET";
    context.danger = "read";
    context.classified = context.in_scope = context.automatic = true;
    if (people) context.approval = cedar::Agreement{true, {}, *people, "2026-11-22T12:15:00Z"};
    const cedar::Uid principal{cedar::type::task, std::move(task)}, resource{type, std::move(id)};
    const auto told = cedar::tell(*set_, context);
    EXPECT_TRUE(told.ok());
    return cedar::evaluate({*policies_, *known_, principal, action, resource, **told});
  }
  std::string outcome(std::string_view action, std::string_view type, const std::string& id) {
    const auto now = ask(action, type, id);
    if (!now.errors.empty()) return "error: " + now.errors[0];
    return now.permitted ? "permit" : ask(action, type, id, 1).permitted ? "hold" : "deny";
  }

  static constexpr std::string_view object = "Narrowgate::KubeObject", aws = "Narrowgate::AwsResource";
  cedar::Set set_;
  cedar::Entities known_;
  cedar::Policies policies_;
};

TEST_F(Cluster, kubernetes_and_aws_requests_come_out_as_intended) {
  EXPECT_EQ(outcome("k8s.get", object, "prod/shop/pods/web"), "permit");
  EXPECT_EQ(outcome("k8s.get", object, "prod/shop/secrets/db"), "deny");
  EXPECT_EQ(outcome("k8s.connect", object, "prod/shop/pods/web"), "hold");
  EXPECT_EQ(outcome("aws.Read", aws, "arn:aws:s3:::reports/2026/a.csv"), "permit");
  EXPECT_EQ(outcome("aws.Write", aws, "arn:aws:s3:::reports/2026/a.csv"), "deny");
  EXPECT_EQ(outcome("aws.PermissionsManagement", aws, "arn:aws:s3:::reports/2026/a.csv"), "deny");
  EXPECT_EQ(outcome("connect", cedar::type::database, "orders"), "permit");
  EXPECT_EQ(outcome("connect", cedar::type::database, "billing"), "deny");
}

// Pitfall 1. Permits add up, so the least demanding one decides.
TEST(Pitfall, overlapping_permits_undo_an_approval_floor_and_lint_says_so) {
  constexpr const char* policies = R"(
    @id("writes") @approval permit (principal is Narrowgate::Task, action in [Narrowgate::Action::"sql.write",
        Narrowgate::Action::"sql.define"], resource)
      when { context has approval && context.approval.quorum >= 1 };
    @id("truncates") @approval permit (principal is Narrowgate::Task, action == Narrowgate::Action::"sql.truncate", resource)
      when { context has approval && context.approval.quorum >= 2 };)";
  const auto result = load({{"p.cedar", policies}});
  ASSERT_TRUE(result.set) << to_string(result.errors);
  EXPECT_EQ(result.set->slice(refund_triage())->evaluate(truncate(), rows(0), noon).quorum, 1u);
  ASSERT_EQ(result.warnings.size(), 1u) << to_string(result.warnings);
  EXPECT_EQ(result.warnings[0].policy, "truncates");
  EXPECT_NE(result.warnings[0].remedy.find("forbid"), std::string::npos);
}

// Pitfall 2. Cedar passes over a policy that fails, a forbid too.
TEST_F(Cluster, an_unknown_task_is_denied_although_cedar_itself_would_allow) {
  use({{"p", R"(@id("open") permit (principal, action, resource);
               @id("liveness") forbid (principal is Narrowgate::Task, action, resource) when { principal.agent.suspended };)"}});
  const auto answer = ask("connect", cedar::type::database, "orders", {}, "ghost");
  EXPECT_FALSE(answer.permitted);
  ASSERT_EQ(answer.errors.size(), 1u);
  EXPECT_NE(answer.errors[0].find("liveness"), std::string::npos);
  EXPECT_TRUE(ask("connect", cedar::type::database, "orders").permitted);
}

// Pitfall 3. What may be absent must be looked for first.
TEST(Pitfall, an_optional_attribute_without_has_does_not_load) {
  const auto result = load(
      {{"p.cedar",
        R"(@id("p") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource) when { context.approval.quorum >= 1 };)"}});
  EXPECT_FALSE(result.set);
  ASSERT_EQ(result.errors.size(), 1u);
  EXPECT_EQ(result.errors[0].policy, "p");
}

// Pitfall 4. Sets hold one kind of thing.
TEST(Pitfall, a_set_of_mixed_kinds_does_not_load) {
  const auto result =
      load({{"p.cedar", R"(@id("p") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource)
    when { [Narrowgate::Database::"orders", Narrowgate::Cluster::"prod"].contains(resource) };)"}});
  EXPECT_FALSE(result.set);
}

}  // namespace
}  // namespace narrowgate::policy::testing
