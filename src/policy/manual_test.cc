// docs/policies.md: what it shows loads beside the built-in policies and does what it says.
#include <fstream>
#include <regex>
#include <sstream>

#include "policy/library.h"
#include "policy/load.h"
#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

std::string manual() {
  std::ostringstream out;
  out << std::ifstream(NG_SOURCE_DIR "/docs/policies.md").rdbuf();
  return out.str();
}

std::vector<Source> examples() {
  const std::string text = manual();
  const std::regex block("```cedar\n([^`]*)```");
  std::vector<Source> out;
  for (std::sregex_iterator at(text.begin(), text.end(), block), end; at != end; ++at)
    out.push_back({fmt::format("example{}.cedar", out.size()), (*at)[1]});
  return out;
}

TEST(Manual, ItsExamplesLoadBesideTheBuiltInPoliciesWithoutAWarning) {
  std::vector<Source> sources = default_sources();
  const std::size_t before = load(sources).set->policies().size();
  for (Source& example : examples()) sources.push_back(std::move(example));
  const Loaded loaded = load(std::move(sources));
  ASSERT_TRUE(loaded.set) << to_string(loaded.errors);
  EXPECT_TRUE(loaded.warnings.empty()) << to_string(loaded.warnings);
  EXPECT_GT(loaded.set->policies().size(), before);
}

TEST(Manual, NamesEveryAnnotationThatTheBuiltInPoliciesUse) {
  const std::string text = manual();
  const Loaded built_in = load_defaults();
  for (const PolicyInfo& policy : built_in.set->policies())
    for (const auto& [name, value] : policy.annotations)
      EXPECT_NE(text.find("\n- `@" + name + "`"), std::string::npos) << "@" << name;
}

TEST(Manual, ItsExampleHoldsForItsOwnGroupItsOwnWay) {
  const Loaded loaded = load(examples());
  ASSERT_TRUE(loaded.set) << to_string(loaded.errors);
  const auto marks = read_marks(loaded.set->policies()[0]);
  ASSERT_TRUE(marks.ok());
  EXPECT_EQ(marks->groups, std::vector<std::string>{"payments-oncall"});
  EXPECT_EQ(marks->quorum, 2u);
  EXPECT_EQ(marks->ttl, std::chrono::minutes(15));
  EXPECT_TRUE(marks->for_task);
}

}  // namespace
}  // namespace narrowgate::policy::testing
