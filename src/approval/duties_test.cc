// Who may not decide, and what cannot be decided on.
#include <gtest/gtest.h>

#include "approval/approval_testing.h"
#include "approval/duties.h"

namespace narrowgate::approval {
namespace {

std::string refusal(const Approver& who, const OperationFacts& facts = held()) {
  Approval approval;
  approval.facts = facts;
  const auto result = check_duties(who, approval);
  return result.ok() ? "" : result.error().detail;
}

TEST(Duties, AnApproverOfAGroupThatIsAskedMayDecide) {
  EXPECT_EQ(refusal(person("ana")), "");
  EXPECT_EQ(refusal(person("raj", {"nobodies", "dba"})), "");
}

TEST(Duties, OthersMayNot) {
  auto no_role = person("ana");
  no_role.approver = false;
  EXPECT_EQ(refusal(no_role), "ana may not decide this: not an approver; ask for that role");
  EXPECT_EQ(refusal(person("ana", {"data-owners"})), "ana may not decide this: not in orders-oncall or dba");
  EXPECT_NE(refusal(person("")), "");
}

TEST(Duties, NobodyReleasesWhatTheyOwnOrAskedForWhateverTheyAreCalled) {
  for (const auto* owner : {"olu", "OLU", "human:olu", "olu@acme.example", "Olu@Acme.Example", "human:olu@acme.example"}) {
    auto facts = held();
    facts.owner = owner;
    EXPECT_NE(refusal(person("olu"), facts), "") << owner;
    facts.owner = "somebody";
    facts.on_behalf_of = owner;
    EXPECT_NE(refusal(person("olu"), facts), "") << owner;
  }
}

TEST(Duties, APersonWithoutAnAddressIsNotEverybodyWithout) {
  auto facts = held();
  facts.owner = facts.on_behalf_of = "";
  auto who = person("ana");
  who.email = "";
  EXPECT_EQ(refusal(who, facts), "");
}

TEST(Terms, CanOnlyBeStricterThanWhatWasAsked) {
  const WallTime now{1s};
  const auto ok = [&](const Terms& terms) { return check_terms(terms, held(), now).ok(); };
  EXPECT_TRUE(ok({}));
  EXPECT_TRUE(ok({Reach::for_task, 20, Enforced{500, 10, 1'000, 30s}, now + 1s}));
  EXPECT_FALSE(ok({Reach::for_task, 20, Enforced{500, 51, 1'000, 30s}, {}}));
  EXPECT_FALSE(ok({Reach::for_task, 20, Enforced{500, 0, 1'000, 30s}, {}})) << "0 is no limit, which is more";
  EXPECT_FALSE(ok({Reach::once, 2, {}, {}}));
  EXPECT_FALSE(ok({Reach::for_task, 0, {}, {}}));
  EXPECT_FALSE(ok({Reach::for_task, uses_max + 1, {}, {}}));
  EXPECT_FALSE(ok({Reach::once, 1, {}, now}));
}

TEST(Terms, RepeatsAreForThePolicyToAllow) {
  auto facts = held();
  facts.for_task = false;
  EXPECT_TRUE(check_terms({}, facts, WallTime{1s}).ok());
  const auto repeats = check_terms({Reach::for_task, 2, {}, {}}, facts, WallTime{1s});
  ASSERT_FALSE(repeats.ok());
  EXPECT_EQ(repeats.error().detail, "the policy wants every run of this approved by itself; approve it once");
}

TEST(Unfit, IsWhatCouldNotBeShownWholeOrDecidedByAnybody) {
  EXPECT_FALSE(unfit(held()));
  EXPECT_FALSE(unfit(held(std::string(statement_shown_max, 'x'))));
  EXPECT_EQ(unfit(held(std::string(statement_shown_max + 1, 'x')))->why, Unfit::Why::too_large);
  auto facts = held();
  facts.operation.parameters = {std::string(parameters_bytes_max, 'x'), "x"};
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::too_large);
  facts = held();
  facts.operation.parameters.resize(parameters_max + 1);
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::too_large);
  facts = held();
  facts.agent_reason = std::string(limits::reason_bytes_max + 1, 'x');
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::too_large);
  facts = held();
  facts.groups.clear();
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::nobody_may);
  facts = held();
  facts.quorum = quorum_max + 1;
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::nobody_may);
  facts.quorum = 0;
  EXPECT_EQ(unfit(facts)->why, Unfit::Why::nobody_may);
}

}  // namespace
}  // namespace narrowgate::approval
