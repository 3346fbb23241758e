// approval.decide: separation of duties.
#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

HeldFacts held() {
  return {.approval = "apr_1",
          .task = "tsk_1",
          .task_template = "refund-triage",
          .agent = "refund-bot",
          .owner = "olu",
          .on_behalf_of = "",
          .groups = {"orders-oncall", "dba"}};
}
ApproverFacts person(std::string name, std::vector<std::string> groups = {"orders-oncall"}) {
  return {.name = name, .email = name + "@acme.example", .groups = std::move(groups), .approver = true};
}
Verdict decide(const ApproverFacts& who, const HeldFacts& what = held()) { return defaults()->may_decide(who, what, noon); }

TEST(Approver, of_a_group_that_was_asked_may_decide) {
  EXPECT_EQ(decide(person("ana")).kind, permit);
  EXPECT_EQ(decide(person("ana", {"dba"})).kind, permit);
  EXPECT_EQ(decide(person("ana")).policies, Ids{"approvers"});
}

TEST(Approver, without_the_role_or_the_group_may_not) {
  auto ana = person("ana");
  ana.approver = false;
  EXPECT_EQ(decide(ana).kind, deny);
  EXPECT_EQ(decide(person("ana", {"finance"})).kind, deny);
  EXPECT_EQ(decide(person("ana", {})).kind, deny);
}

TEST(Approver, decides_nothing_that_nobody_was_asked_about) {
  auto what = held();
  what.groups.clear();
  EXPECT_EQ(decide(person("ana"), what).kind, deny);
}

TEST(Approver, is_not_the_agents_owner) {
  const auto verdict = decide(person("olu"));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.policies, Ids{"not-ones-own"});
  EXPECT_NE(verdict.advice, "");
}

TEST(Approver, is_not_the_owner_named_by_address) {
  auto what = held();
  what.owner = "Olu@ACME.example";
  EXPECT_EQ(decide(person("olu"), what).kind, deny);
  EXPECT_EQ(decide(person("ana"), what).kind, permit);
}

TEST(Approver, is_not_who_the_task_works_for) {
  auto what = held();
  what.on_behalf_of = "ana";
  EXPECT_EQ(decide(person("ana"), what).kind, deny);
  what.on_behalf_of = "ana@acme.example";
  EXPECT_EQ(decide(person("ana"), what).kind, deny);
  EXPECT_EQ(decide(person("ben"), what).kind, permit);
}

TEST(Approver, is_not_the_agent_under_a_persons_name) { EXPECT_EQ(decide(person("refund-bot")).kind, deny); }

TEST(Approver, whose_facts_cannot_be_told_may_not) {
  const auto verdict = decide(person("an\xff"));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_FALSE(verdict.errors.empty());
}

TEST(Approver, may_be_held_to_stronger_proof_by_a_policy) {
  auto sources = default_sources();
  sources.push_back(
      {"90-own.cedar",
       R"(@id("mfa") forbid (principal is Narrowgate::Human, action == Narrowgate::Action::"approval.decide", resource)
    unless { principal.phishingResistantMfa };)"});
  const auto set = loaded(sources);
  auto ana = person("ana");
  EXPECT_EQ(set->may_decide(ana, held(), noon).policies, Ids{"mfa"});
  ana.phishing_resistant = true;
  EXPECT_EQ(set->may_decide(ana, held(), noon).kind, permit);
}

}  // namespace
}  // namespace narrowgate::policy::testing
