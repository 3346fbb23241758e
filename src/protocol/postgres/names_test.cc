#include "protocol/postgres/names.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

std::shared_ptr<const Prepared> body(const char* text) { return std::make_shared<const Prepared>(Prepared{text, nullptr}); }

TEST(Names, AreJudgedByWhatIsOnItsWay) {
  Bindings<Prepared> names;
  const auto select = body("SELECT 1");
  names.sent("s", select);
  EXPECT_EQ(names.find("s"), select);
  names.settled("s", select, true);
  EXPECT_EQ(names.find("s"), select);
}

TEST(Names, FallBackToWhatTheServerHasWhenAParseFails) {
  Bindings<Prepared> names;
  const auto old_body = body("DELETE FROM t"), new_body = body("SELECT 1");
  names.sent("s", old_body);
  names.settled("s", old_body, true);
  names.sent("s", new_body);  // the server refuses it: the name is taken
  EXPECT_EQ(names.find("s"), new_body);
  names.settled("s", new_body, false);
  EXPECT_EQ(names.find("s"), old_body);
}

TEST(Names, AreGoneWhenCloseIsConfirmedAndBackWhenItIsNot) {
  Bindings<Prepared> names;
  const auto select = body("SELECT 1");
  names.sent("s", select);
  names.settled("s", select, true);
  names.sent("s", nullptr);
  EXPECT_EQ(names.find("s"), nullptr);
  names.settled("s", nullptr, false);
  EXPECT_EQ(names.find("s"), select);
  names.sent("s", nullptr);
  names.settled("s", nullptr, true);
  EXPECT_EQ(names.size(), 0u);
}

TEST(Names, ReboundInOnePipelineMeanTheLatest) {
  Bindings<Prepared> names;
  const auto first = body("SELECT 1"), second = body("DELETE FROM t");
  names.sent("s", first);
  names.sent("s", nullptr);
  names.sent("s", second);
  EXPECT_EQ(names.find("s"), second);
  names.settled("s", first, true);
  names.settled("s", nullptr, true);
  EXPECT_EQ(names.find("s"), second);
  names.settled("s", second, true);
  EXPECT_EQ(names.find("s"), second);
}

TEST(Names, AreForgottenWithTheServerButNotWhatIsOnItsWay) {
  Bindings<Prepared> names;
  const auto kept = body("SELECT 1"), coming = body("SELECT 2");
  names.sent("a", kept);
  names.settled("a", kept, true);
  names.sent("b", coming);
  names.forget_all();
  EXPECT_EQ(names.find("a"), nullptr);
  EXPECT_EQ(names.find("b"), coming);
}

TEST(Cursors, CountWhatIsFetchedInPartsTogetherUntilTheyAreMadeAnew) {
  Cursors cursors;
  cursors.begin("c", {});
  cursors.taken({"c"})->rows += 400;
  EXPECT_EQ(cursors.taken({"c"})->rows, 400u);
  EXPECT_EQ(cursors.taken({"d"})->rows, 0u);
  cursors.begin("c", {7, 70});  // the message that made it took some already
  EXPECT_EQ(cursors.taken({"c"})->rows, 7u);
}

TEST(Cursors, FetchedFromTogetherCountTogether) {
  Cursors cursors;
  cursors.taken({"a"})->rows = 10;
  const auto both = cursors.taken({"a", "b"});
  EXPECT_EQ(both->rows, 10u);
  both->rows += 5;
  EXPECT_EQ(cursors.taken({"a"})->rows, 15u);
  EXPECT_EQ(cursors.taken({"b"})->rows, 15u);
}

TEST(Cursors, TooManyOfThemCountAsOne) {
  Cursors cursors;
  for (std::size_t n = 0; n < portals_max; ++n) cursors.begin(fmt::format("c{}", n), {});
  cursors.taken({"x"})->rows = 5;
  EXPECT_EQ(cursors.taken({"y"})->rows, 5u);
  EXPECT_EQ(cursors.taken({"c1"})->rows, 0u);
}

}  // namespace
}  // namespace narrowgate::postgres
