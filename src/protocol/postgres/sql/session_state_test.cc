#include "protocol/postgres/sql/session_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/sql/paper_catalog.h"

namespace narrowgate::postgres {
namespace {

using ::testing::ElementsAre;
using What = Change::What;

class State : public ::testing::Test {
 protected:
  State() { state_.begin(*paper_catalog(), {{"client_encoding", "UTF8"}, {"standard_conforming_strings", "on"}}); }
  void apply(Change change) { state_.apply(StatementFacts{.changes = {std::move(change)}}); }
  SessionState state_;
};

TEST_F(State, BeginsWithWhatTheLoginHas) {
  EXPECT_THAT(state_.search_path(), ElementsAre("keeper", "public"));
  EXPECT_EQ(state_.role(), "keeper");
  EXPECT_FALSE(state_.plain_ascii_only());
  EXPECT_FALSE(state_.uncertain());
}

TEST_F(State, AnotherRoleIsAnotherUserInThePath) {
  apply({What::setting, "role", "auditor"});
  EXPECT_TRUE(state_.role_changed());
  EXPECT_THAT(state_.search_path(), ElementsAre("auditor", "public"));
  apply({What::setting, "role", "none"});
  EXPECT_FALSE(state_.role_changed());
}

TEST_F(State, EveryChangeOfMeaningIsANewMeaning) {
  const auto before = state_.meaning_id();
  apply({What::setting, "search_path", "secret"});
  EXPECT_NE(state_.meaning_id(), before);
  EXPECT_NE(state_.meaning_id(), 0u);
}

TEST_F(State, WhatNobodySawIsUncertainUntilTheServerSays) {
  apply({What::forget_settings});
  EXPECT_TRUE(state_.uncertain());
  ASSERT_TRUE(state_.take_settings({{"setting", "search_path", "a, \"B c\""}, {"role", "keeper", ""}}).ok());
  EXPECT_FALSE(state_.uncertain());
  EXPECT_THAT(state_.search_path(), ElementsAre("a", "B c"));
}

TEST_F(State, AnAnswerOfAnotherShapeIsNotBelieved) { EXPECT_FALSE(state_.take_settings({{"setting", "search_path"}}).ok()); }

TEST_F(State, CursorsEndWithTheirTransactionUnlessTheyHold) {
  apply({What::declare, "c", "DECLARE c CURSOR FOR SELECT 1", true});
  apply({What::declare, "h", "DECLARE h CURSOR WITH HOLD FOR SELECT 1", false});
  apply({What::end_transaction});
  EXPECT_EQ(state_.cursor("c"), nullptr);
  EXPECT_NE(state_.cursor("h"), nullptr);
}

TEST_F(State, NamesMadeByTheProtocolReplaceThoseMadeBySql) {
  apply({What::prepare, "p", "PREPARE p AS SELECT 1"});
  const auto before = state_.meaning_id();
  state_.prepared_by_protocol("p", "DELETE FROM items");
  EXPECT_EQ(*state_.prepared("p"), "DELETE FROM items");
  EXPECT_NE(state_.meaning_id(), before);
  state_.closed_by_protocol("p");
  EXPECT_EQ(state_.prepared("p"), nullptr);
}

TEST_F(State, DiscardGoesBackToTheLogin) {
  apply({What::setting, "search_path", "secret"});
  apply({What::prepare, "p", "PREPARE p AS SELECT 1"});
  apply({What::discard});
  EXPECT_THAT(state_.search_path(), ElementsAre("keeper", "public"));
  EXPECT_EQ(state_.prepared("p"), nullptr);
}

TEST_F(State, OtherEncodingsLeaveOnlyAsciiCertain) {
  apply({What::setting, "client_encoding", "SJIS"});
  EXPECT_TRUE(state_.plain_ascii_only());
  apply({What::setting, "client_encoding", "utf-8"});
  EXPECT_FALSE(state_.plain_ascii_only());
}

TEST(SplitPath, ReadsNamesAsPostgresDoes) {
  EXPECT_THAT(*split_path("a, B ,\"C d\",\"e\"\"f\""), ElementsAre("a", "b", "C d", "e\"f"));
  EXPECT_TRUE(split_path("")->empty());
  for (const char* bad : {"a,", ",a", "a b", "\"open", "a,,b"}) EXPECT_FALSE(split_path(bad)) << bad;
}

}  // namespace
}  // namespace narrowgate::postgres
