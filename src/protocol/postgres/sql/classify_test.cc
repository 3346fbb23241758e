// What needs no server to be shown: texts of several statements, what a session's settings change, what cannot be understood. The
// tables of test/cases say the rest, on a real one.
#include "protocol/postgres/sql/classify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/sql/paper_catalog.h"

namespace narrowgate::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Classify : public ::testing::Test {
 protected:
  Classify() { state_.begin(*catalog_, {{"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}}); }
  Classified operator()(std::string_view text) const { return classify(text, *catalog_, state_); }
  std::string reads(std::string_view text) const { return fmt::format("{}", fmt::join((*this)(text).reads, " ")); }
  Danger danger(std::string_view text) const { return (*this)(text).operation.danger; }
  void run(std::string_view text) { state_.apply((*this)(text).statements); }

  std::shared_ptr<const Catalog> catalog_ = paper_catalog();
  SessionState state_;
};

TEST_F(Classify, NamesWhatAViewReads) {
  EXPECT_EQ(reads("SELECT * FROM some_items"), "public.items public.some_items");
  EXPECT_EQ(danger("SELECT upper(name) FROM some_items"), Danger::read);
}

TEST_F(Classify, FollowsTheSearchPathOfTheSession) {
  EXPECT_EQ(reads("SELECT * FROM keys"), "public.keys") << "where it would be; the server says that it is not";
  run("SET search_path = secret");
  EXPECT_EQ(reads("SELECT * FROM keys"), "secret.keys");
  EXPECT_EQ(reads("SELECT * FROM items"), "secret.items");
}

TEST_F(Classify, FollowsTheSearchPathInsideOneText) {
  EXPECT_EQ(reads("SET search_path = secret; SELECT * FROM keys"), "secret.keys");
  EXPECT_EQ(danger("BEGIN; SET LOCAL search_path = secret; ROLLBACK; SELECT * FROM items"), Danger::unknown)
      << "which path holds after the ROLLBACK is not known";
}

TEST_F(Classify, TakesTheWorstOfSeveralStatements) {
  EXPECT_EQ(danger("SELECT 1; DELETE FROM items WHERE id = 1"), Danger::write);
  EXPECT_EQ(danger("SELECT 1; DROP TABLE items"), Danger::ddl);
  EXPECT_EQ(danger("SELECT 1; what is this"), Danger::unknown);
}

TEST_F(Classify, LooksIntoPreparedStatements) {
  run("PREPARE p AS DELETE FROM items WHERE id = $1");
  const Classified executed = (*this)("EXECUTE p(1)");
  EXPECT_EQ(executed.operation.danger, Danger::write);
  EXPECT_THAT(executed.writes, ElementsAre("public.items"));
  EXPECT_TRUE(executed.rests_on_names);
  EXPECT_EQ(danger("EXECUTE nobody_prepared_this(1)"), Danger::unknown);
}

TEST_F(Classify, KnowsWhenNumbersMayDiffer) {
  EXPECT_TRUE((*this)("SELECT name FROM items WHERE id = 7").number_constants_free);
  EXPECT_FALSE((*this)("SELECT name FROM items ORDER BY 1").number_constants_free);
}

TEST_F(Classify, SaysWhatItDidNotUnderstand) {
  const Classified nonsense = (*this)("SELEC 1");
  EXPECT_FALSE(nonsense.operation.classified);
  EXPECT_THAT(nonsense.operation.why, HasSubstr("SELEC"));
  EXPECT_THAT(nonsense.statements, IsEmpty());
}

TEST_F(Classify, BytesBeyondAsciiAreNotUnderstoodUnderAnotherEncoding) {
  const std::string_view text = "SELECT name AS na\xC3\xAFve FROM items";
  EXPECT_EQ(danger(text), Danger::read);
  run("SET client_encoding = 'SJIS'");
  EXPECT_EQ(danger(text), Danger::unknown);
}

TEST_F(Classify, EmptyTextsAreHarmless) {
  for (const char* text : {"", ";", " ; ; ", "-- nothing", "/* nothing */"}) EXPECT_LE(danger(text), Danger::session) << text;
}

}  // namespace
}  // namespace narrowgate::postgres
