#include "config/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace narrowgate::config {
namespace {

std::vector<std::string> faults_of(const std::string& text) {
  std::vector<Complaint> complaints;
  parse_yaml(text, complaints);
  std::vector<std::string> out;
  for (const auto& c : complaints) out.push_back(fmt::format("{}:{} {}", c.at.line, c.at.column, c.fault));
  return out;
}

TEST(Yaml, RemembersWhereEverythingStood) {
  std::vector<Complaint> complaints;
  const auto root = parse_yaml("a: 1\nb:\n  - x\n  - {c: y}\n", complaints);
  ASSERT_TRUE(root && complaints.empty());
  EXPECT_EQ(root->find("a")->text, "1");
  EXPECT_EQ(root->entries[1].at, (Position{2, 1}));
  const auto& list = *root->find("b");
  ASSERT_EQ(list.items.size(), 2u);
  EXPECT_EQ(list.items[0].at, (Position{3, 5}));
  EXPECT_EQ(list.items[1].find("c")->text, "y");
  EXPECT_EQ(list.items[1].find("c")->at, (Position{4, 9}));
}

TEST(Yaml, RefusesAnchorsAndAliasesEachByName) {
  EXPECT_THAT(faults_of("a: &x 1\nb: *x\n"),
              testing::ElementsAre("1:4 anchor &x is not supported here", "2:4 an alias (*name) is not supported here"));
}

TEST(Yaml, AnAliasBombCostsNothing) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  EXPECT_GT(faults_of(bomb).size(), 30u);
}

TEST(Yaml, RefusesDuplicateKeysAtTheSecond) {
  EXPECT_THAT(faults_of("a: 1\nb: 2\na: 3\n"), testing::ElementsAre("3:1 is given twice"));
}

TEST(Yaml, TheSameKeyInTwoSectionsIsNoDuplicate) { EXPECT_TRUE(faults_of("a: {x: 1}\nb: {x: 2}\n").empty()); }

TEST(Yaml, RefusesTagsAndMergeKeys) {
  EXPECT_THAT(faults_of("a: !!python/object:os.system x\n"), testing::ElementsAre(testing::HasSubstr("tag")));
  EXPECT_THAT(faults_of("a: !secret x\n"), testing::ElementsAre(testing::HasSubstr("tag")));
}

TEST(Yaml, RefusesKeysThatAreNotWords) {
  EXPECT_THAT(faults_of("? [a, b]\n: 1\n"), testing::ElementsAre(testing::HasSubstr("a key must be one word")));
  EXPECT_THAT(faults_of("? \n: 1\n"), testing::Each(testing::HasSubstr("a key must be one word")));
}

TEST(Yaml, RefusesASecondDocument) {
  EXPECT_THAT(faults_of("a: 1\n---\nb: 2\n"), testing::ElementsAre(testing::HasSubstr("more than one document")));
}

TEST(Yaml, IsBoundedInSizeDepthAndCount) {
  EXPECT_THAT(faults_of(std::string(config_bytes_max + 1, ' ')), testing::ElementsAre(testing::HasSubstr("longer than 1 MiB")));
  EXPECT_THAT(faults_of(std::string(40, '[')), testing::ElementsAre(testing::HasSubstr("nested too deeply")));
  EXPECT_THAT(faults_of(std::string(100'000, '[')), testing::ElementsAre(testing::HasSubstr("nested too deeply")));
  std::string many = "[";
  for (std::size_t i = 0; i <= config_nodes_max; ++i) many += "a,";
  EXPECT_THAT(faults_of(many + "]"), testing::ElementsAre(testing::HasSubstr("too many values")));
}

TEST(Yaml, RefusesWhatIsNotText) {
  EXPECT_THAT(faults_of("a: \xff\n"), testing::ElementsAre(testing::HasSubstr("not UTF-8")));
  EXPECT_THAT(faults_of(std::string("a: \0b\n", 6)), testing::ElementsAre(testing::HasSubstr("not UTF-8")));
}

TEST(Yaml, AnUnquotedVariableInBracesSaysSo) {
  std::vector<Complaint> complaints;
  parse_yaml("a: {key: ${AGENT_KEY}, b: [}\n", complaints);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_THAT(complaints[0].remedy, testing::HasSubstr("\"${NAME}\""));
}

TEST(Yaml, AnEmptyFileIsAnEmptyConfiguration) {
  std::vector<Complaint> complaints;
  EXPECT_TRUE(parse_yaml("", complaints));
  EXPECT_TRUE(parse_yaml("# nothing\n", complaints));
  EXPECT_TRUE(complaints.empty());
}

}  // namespace
}  // namespace narrowgate::config
