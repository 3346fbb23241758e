// How answers become a verdict: hypothetical approvals, routing, errors, several effects, many threads.
#include <thread>

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

constexpr const char* reads_pass =
    R"(@id("reads") permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql", resource);)";

Verdict judge(const std::shared_ptr<const PolicySet>& set, const Operation& operation,
              const std::optional<ApprovalFacts>& approval = {}) {
  return set->slice(refund_triage())->evaluate(operation, rows(500, 10), noon, approval);
}
Verdict judge(std::string policies, const Operation& operation, const std::optional<ApprovalFacts>& approval = {}) {
  return judge(loaded(std::move(policies)), operation, approval);
}

TEST(Engine, what_nothing_permits_is_denied) {
  const auto verdict =
      judge(R"(@id("other") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource);)",
            select("public.refunds"));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.policies, Ids{});
}

TEST(Engine, the_open_set_permits_everything_even_what_was_not_understood) {
  const auto open = loaded(R"(@id("open") permit (principal, action, resource);)");
  Operation unclassified;
  EXPECT_EQ(judge(open, unclassified).kind, permit);
  EXPECT_EQ(judge(open, unclassified).policies, Ids{"open"});
  EXPECT_EQ(judge(open, operation(Danger::admin, {effect("MERGE", "a.b")})).kind, permit);
  EXPECT_EQ(judge(open, select("nowhere.nothing")).kind, permit);
  EXPECT_EQ(open->slice(refund_triage())->connect(noon).kind, permit);
}

TEST(Engine, the_fewest_people_that_would_do_are_asked) {
  for (unsigned people = 1; people <= quorum_max; ++people) {
    const auto policies =
        std::string(reads_pass) +
        R"(@id("floor") @approval("group:dba, group:oncall") forbid (principal is Narrowgate::Task, action, resource)
      unless { context has approval && context.approval.quorum >= )" +
        std::to_string(people) + " };";
    const auto verdict = judge(policies, select("public.refunds"));
    EXPECT_EQ(verdict.kind, hold);
    EXPECT_EQ(verdict.quorum, people);
    EXPECT_EQ(verdict.groups, (Ids{"dba", "oncall"}));
    EXPECT_EQ(judge(policies, select("public.refunds"), agreed(people)).kind, permit);
    EXPECT_EQ(judge(policies, select("public.refunds"), agreed(people - 1)).kind, deny);
  }
}

TEST(Engine, more_people_than_a_meeting_is_no) {
  const auto policies =
      std::string(reads_pass) + R"(@id("floor") @approval forbid (principal is Narrowgate::Task, action, resource)
      unless { context has approval && context.approval.quorum >= 6 };)";
  EXPECT_EQ(judge(policies, select("public.refunds")).kind, deny);
}

TEST(Engine, the_same_person_twice_is_one) {
  const auto policies =
      std::string(reads_pass) + R"(@id("floor") @approval forbid (principal is Narrowgate::Task, action, resource)
      unless { context has approval && context.approval.quorum >= 2 };)";
  ApprovalFacts twice;
  twice.approvers = {"ana", "ana"};
  EXPECT_EQ(judge(policies, select("public.refunds"), twice).kind, deny);
}

TEST(Engine, policies_see_who_agreed) {
  const auto policies = std::string(reads_pass) + R"(@id("ana-agrees") forbid (principal is Narrowgate::Task, action, resource)
      when { context has approval } unless { context.approval.approvers.contains(Narrowgate::Human::"ana") };)";
  ApprovalFacts ana, ben;
  ana.approvers = {"ana"};
  ben.approvers = {"ben"};
  EXPECT_EQ(judge(policies, select("public.refunds"), ana).kind, permit);
  EXPECT_EQ(judge(policies, select("public.refunds"), ben).kind, deny);
}

TEST(Engine, a_permit_that_needs_people_routes_by_its_own_annotations) {
  const auto verdict =
      judge(R"(@id("needs") @approval("dba") @approval_ttl("PT15M") @approval_scope("once,task") @approval_reason("because")
      permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql", resource) when { context has approval &&
          context.approval.quorum >= 2 };)",
            select("public.refunds"));
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.quorum, 2u);
  EXPECT_EQ(verdict.groups, Ids{"dba"});
  EXPECT_EQ(verdict.reason, "because");
  EXPECT_EQ(verdict.ttl, std::chrono::minutes(15));
  EXPECT_TRUE(verdict.for_task);
}

TEST(Engine, an_operation_is_held_for_the_most_of_its_effects_and_by_all_their_groups) {
  const auto policies = std::string(reads_pass) + R"(
    @id("updates") @approval("dba") @approval_ttl("5m") @approval_scope("once,task") forbid (principal, action ==
        Narrowgate::Action::"sql.update", resource)
      unless { context has approval && context.approval.quorum >= 2 };
    @id("deletes") @approval("oncall") @approval_ttl("1m") @approval_scope("once") forbid (principal, action ==
        Narrowgate::Action::"sql.delete", resource)
      unless { context has approval && context.approval.quorum >= 1 };)";
  const auto verdict =
      judge(policies, operation(Danger::write, {effect("DELETE", "public.refunds"), effect("SELECT", "public.refunds"),
                                                effect("UPDATE", "public.refunds")}));
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.quorum, 2u);
  EXPECT_EQ(verdict.groups, (Ids{"oncall", "dba"}));
  EXPECT_EQ(verdict.policies, (Ids{"deletes", "updates"}));
  EXPECT_EQ(verdict.ttl, std::chrono::minutes(1));
  EXPECT_FALSE(verdict.for_task);
}

TEST(Engine, nobody_is_asked_for_what_their_agreement_would_not_make_possible) {
  const auto policies = std::string(reads_pass) + R"(
    @id("updates") @approval forbid (principal, action == Narrowgate::Action::"sql.update", resource)
      unless { context has approval && context.approval.quorum >= 1 };
    @id("odd") forbid (principal, action == Narrowgate::Action::"sql.select", resource) when { context has approval };)";
  EXPECT_EQ(judge(policies, update("public.refunds")).kind, hold);
  EXPECT_EQ(
      judge(policies, operation(Danger::write, {effect("UPDATE", "public.refunds"), effect("SELECT", "public.refunds")})).kind,
      deny);
}

TEST(Engine, an_evaluation_error_in_a_forbid_denies) {
  const auto policies = std::string(reads_pass) + R"(
    @id("overflows") forbid (principal is Narrowgate::Task, action, resource) when { context.enforced.maxRowsRead +
        context.enforced.maxRowsRead < 0 };)";
  const auto set = loaded(policies);
  const auto slice = set->slice(refund_triage());
  EXPECT_EQ(slice->evaluate(select("public.refunds"), rows(500), noon).kind, permit);
  const auto verdict = slice->evaluate(select("public.refunds"), rows(0), noon);  // no limit is the greatest number
  EXPECT_EQ(verdict.kind, deny);
  ASSERT_EQ(verdict.errors.size(), 1u);
  EXPECT_NE(verdict.errors[0].find("overflows"), std::string::npos) << verdict.errors[0];
}

TEST(Engine, an_evaluation_error_under_a_supposed_approval_denies) {
  const auto policies = R"(
    @id("asks") @approval permit (principal is Narrowgate::Task, action, resource) when { context has approval &&
        context.approval.quorum >= 2 };
    @id("overflows") permit (principal is Narrowgate::Task, action, resource)
      when { context has approval && context.approval.quorum + 9223372036854775807 > 0 };)";
  const auto verdict = judge(policies, select("public.refunds"));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.errors.size(), 1u);
}

TEST(Engine, an_error_in_one_effect_denies_the_others) {
  const auto policies = std::string(reads_pass) + R"(
    @id("overflows") forbid (principal, action == Narrowgate::Action::"sql.update", resource) when {
        context.enforced.maxRowsRead + 9223372036854775807 < 0 };)";
  EXPECT_EQ(judge(policies, select("public.refunds")).kind, permit);
  EXPECT_EQ(
      judge(policies, operation(Danger::write, {effect("SELECT", "public.refunds"), effect("UPDATE", "public.refunds")})).kind,
      deny);
}

TEST(Engine, facts_that_cannot_be_told_deny_everything_and_say_why) {
  auto facts = refund_triage();
  facts.agent = "refund\xff";
  const auto slice = defaults()->slice(facts);
  const auto verdict = slice->evaluate(select("public.refunds"), rows(1), noon);
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_FALSE(verdict.errors.empty());
  EXPECT_EQ(slice->connect(noon).kind, deny);
}

TEST(Engine, a_name_that_is_not_text_denies) {
  const auto open = loaded(R"(@id("open") permit (principal, action, resource);)");
  EXPECT_EQ(judge(open, select("public.refu\xffnds")).kind, deny);
}

TEST(Engine, a_policy_may_name_one_column) {
  const auto policies = std::string(reads_pass) + R"(
    @id("no-note") forbid (principal, action == Narrowgate::Action::"sql.select", resource ==
        Narrowgate::Column::"orders/public.refunds.note");)";
  EXPECT_EQ(judge(policies, select("public.refunds", {"id", "note"})).kind, deny);
  EXPECT_EQ(judge(policies, select("public.refunds", {"id"})).kind, permit);
}

TEST(Engine, a_policy_may_name_a_schema_a_table_or_the_agent) {
  const auto policies = std::string(reads_pass) + R"(
    @id("schema") forbid (principal, action, resource in Narrowgate::Schema::"orders/secret");
    @id("table") forbid (principal, action, resource in Narrowgate::Table::"orders/public.cards");
    @id("agent") forbid (principal in Narrowgate::Agent::"refund-bot", action == Narrowgate::Action::"sql.lock", resource);)";
  EXPECT_EQ(judge(policies, select("secret.anything")).policies, Ids{"schema"});
  EXPECT_EQ(judge(policies, select("public.cards", {"number"})).policies, Ids{"table"});
  EXPECT_EQ(judge(policies, operation(Danger::session, {effect("LOCK", "public.refunds")})).policies, Ids{"agent"});
  EXPECT_EQ(judge(policies, select("public.refunds", {"id"})).kind, permit);
}

TEST(Engine, too_many_tables_for_one_decision_are_refused) {
  std::vector<Effect> effects;
  for (int i = 0; i < 5'000; ++i) effects.push_back(effect("SELECT", "public.t" + std::to_string(i)));
  const auto verdict =
      judge(loaded(R"(@id("open") permit (principal, action, resource);)"), operation(Danger::read, std::move(effects)));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.code, DenialCode::limit_exceeded);
}

TEST(Engine, an_approval_that_does_not_match_or_is_over_denies) {
  const auto slice = defaults()->slice(refund_triage());
  const auto bulk = operation(Danger::write, {effect("UPDATE", "public.refunds")});
  auto approval = agreed(1);
  EXPECT_EQ(slice->evaluate(bulk, rows(0, 500), noon, approval).kind, permit);
  approval.digest_matches = false;
  EXPECT_EQ(slice->evaluate(bulk, rows(0, 500), noon, approval).policies, Ids{"approval-must-match"});
  approval.digest_matches = true;
  approval.expires = noon;
  EXPECT_EQ(slice->evaluate(bulk, rows(0, 500), noon, approval).policies, Ids{"approval-must-match"});
  approval.expires = noon + std::chrono::milliseconds(1);
  EXPECT_EQ(slice->evaluate(bulk, rows(0, 500), noon, approval).kind, permit);
}

TEST(Engine, two_hundred_threads_get_the_same_answers) {
  const auto slice = defaults()->slice(refund_triage());
  const std::vector<std::pair<Operation, Verdict::Kind>> cases{{select("public.refunds"), permit},
                                                               {select("public.customers", {"email"}), hold},
                                                               {select("public.orders"), deny},
                                                               {update("public.refunds", {"state"}), permit}};
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 200; ++t)
    threads.emplace_back([&, t] {
      const auto own = defaults()->slice(refund_triage());
      for (int i = 0; i < 20; ++i) {
        const auto& [asked, expected] = cases[std::size_t(t + i) % cases.size()];
        if ((i % 2 ? slice : own)->evaluate(asked, rows(500, 10), noon).kind != expected) ++wrong;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Engine, explains_what_each_policy_makes_of_each_effect) {
  const auto slice = defaults()->slice(refund_triage());
  const auto explanation = slice->explain(operation(Danger::write, {effect("DELETE", "public.refunds")}), rows(0, 10), noon);
  EXPECT_EQ(explanation.verdict.kind, hold);
  ASSERT_EQ(explanation.effects.size(), 1u);
  const auto& effect = explanation.effects[0];
  EXPECT_EQ(effect.action, "sql.delete");
  EXPECT_EQ(effect.resource, "Narrowgate::Table orders/public.refunds");
  EXPECT_EQ(effect.verdict.kind, hold);
  std::map<std::string, Explained::Applies> applies;
  for (const auto& policy : effect.policies) applies[policy.policy] = policy.applies;
  EXPECT_EQ(applies.at("writes"), Explained::Applies::yes);
  EXPECT_EQ(applies.at("writes-asked"), Explained::Applies::yes);
  EXPECT_EQ(applies.at("liveness"), Explained::Applies::no);
  EXPECT_FALSE(applies.contains("reads"));
}

}  // namespace
}  // namespace narrowgate::policy::testing
