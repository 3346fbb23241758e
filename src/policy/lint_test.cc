#include "policy/lint.h"

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

std::vector<std::string> warnings(std::string policies) {
  const auto result = load({{"p.cedar", std::move(policies)}});
  EXPECT_TRUE(result.set) << to_string(result.errors);
  std::vector<std::string> out;
  for (const auto& warning : result.warnings) out.push_back(to_string(warning));
  return out;
}

constexpr const char* asks_two =
    R"(@id("two") @approval permit (principal is Narrowgate::Task, action == Narrowgate::Action::"sql.delete", resource)
  when { context has approval && context.approval.quorum >= 2 };)";

TEST(Lint, a_floor_in_a_permit_that_another_permit_undercuts_is_named_with_the_remedy) {
  const auto found = warnings(
      std::string(asks_two) +
      R"(@id("all") permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.write", resource) when { context.hasWhere };)");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(
      found[0],
      "p.cedar:1:1: policy two: asks for 2 approvals only as a condition of a permit, and all permits sql.delete with none; "
      "write the floor as forbid … unless { context has approval && context.approval.quorum >= 2 }");
}

TEST(Lint, a_floor_in_a_permit_that_nothing_undercuts_is_fine) {
  EXPECT_EQ(
      warnings(std::string(asks_two) +
               R"(@id("reads") permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.read", resource);)"),
      Ids{});
}

TEST(Lint, a_floor_that_a_forbid_keeps_is_fine) {
  EXPECT_EQ(warnings(std::string(asks_two) +
                     R"(@id("all") permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.write", resource);
    @id("floor") @approval forbid (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.write", resource)
      unless { context has approval && context.approval.quorum >= 2 };)"),
            Ids{});
}

TEST(Lint, a_lower_forbid_does_not_keep_a_higher_floor) {
  EXPECT_EQ(warnings(std::string(asks_two) +
                     R"(@id("all") permit (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.write", resource);
    @id("floor") @approval forbid (principal is Narrowgate::Task, action in Narrowgate::Action::"sql.write", resource)
      unless { context has approval && context.approval.quorum >= 1 };)")
                .size(),
            1u);
}

TEST(Lint, misspelt_annotations_missing_names_and_idle_approvals_are_named) {
  const auto found = warnings(R"(
@aproval("dba") @id("misspelt") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"connect", resource);
permit (principal is Narrowgate::Task, action == Narrowgate::Action::"sql.select", resource);
@id("idle") @approval("dba") permit (principal is Narrowgate::Task, action == Narrowgate::Action::"sql.lock", resource);
@id("liar") @approval @approval_quorum("3") forbid (principal is Narrowgate::Task, action == Narrowgate::Action::"sql.lock",
    resource)
  unless { context has approval && context.approval.quorum >= 2 };)");
  ASSERT_EQ(found.size(), 4u) << found.size();
  EXPECT_NE(found[0].find("policy misspelt: has @aproval, which nothing reads"), std::string::npos) << found[0];
  EXPECT_NE(found[1].find("policy p.cedar:3: has no name"), std::string::npos) << found[1];
  EXPECT_NE(found[2].find("policy idle: names approvers"), std::string::npos) << found[2];
  EXPECT_NE(found[3].find("policy liar: says @approval_quorum(\"3\")"), std::string::npos) << found[3];
}

}  // namespace
}  // namespace narrowgate::policy::testing
