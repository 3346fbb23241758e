#include "protocol/postgres/answers.h"

#include <gtest/gtest.h>

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

struct Log final : Creditor {
  std::vector<std::string> lines;
  void settled(const Debt& debt, bool ran) override {
    lines.push_back(fmt::format("{}{}{}", debt.request, ran ? "" : " skipped", debt.failed ? " failed" : ""));
  }
  void own_finished() override { lines.push_back("own"); }
  void copy_begun() override { lines.push_back("copy"); }
  void parameter_reported(std::string_view name) override { lines.push_back("reported " + std::string(name)); }
  Result<Done> described(const Debt&, ByteView) override { return Done{}; }
  void transaction_status(char status) override { lines.push_back(std::string("status ") + status); }
  void over_budget(const Debt&) override { lines.push_back("over"); }
  void took(std::uint64_t rows, std::uint64_t bytes) override { session.rows -= rows, session.bytes -= bytes; }
  Allowance allowance() const override { return session; }
  Allowance session{1'000'000, 1'000'000'000};
  std::string limit_message(const Debt&, bool fatal) override { return fatal ? "FATAL" : "LIMIT"; }
};

struct AnswersTest : testing::Test {
  Log log;
  Answers answers{log};

  void owe(Kind kind, std::uint64_t request = 0) { ASSERT_TRUE(answers.owe({.kind = kind, .request = request})); }
  Turn take(char type, std::string_view body = {}) {
    auto turn = answers.take(type, as_bytes(body));
    EXPECT_TRUE(turn.ok()) << type << ": " << (turn.ok() ? "" : turn.error().detail);
    return turn.ok() ? *turn : Turn::drop;
  }
  Turn error(const char* sqlstate = "42P01") {
    const ErrorField fields[] = {{'S', "ERROR"}, {'V', "ERROR"}, {'C', sqlstate}, {'M', "no"}};
    Bytes out;
    write_error_fields(out, ErrorKind::error, fields);
    return take('E', as_text(out).substr(5));
  }
  Turn complete(const char* tag) { return take('C', std::string(tag) + '\0'); }
};

TEST_F(AnswersTest, SimpleQueryIsSettledAtReadyForQuery) {
  owe(Kind::query, 1);
  EXPECT_EQ(take('T'), Turn::pass);
  EXPECT_EQ(*answers.take_bulk(3, 90, {}), Turn::pass);
  EXPECT_EQ(complete("SELECT 3"), Turn::pass);
  EXPECT_TRUE(log.lines.empty());
  EXPECT_EQ(take('Z', "I"), Turn::pass);
  EXPECT_EQ(log.lines, (std::vector<std::string>{"1", "status I"}));
  EXPECT_TRUE(answers.empty());
}

TEST_F(AnswersTest, ErrorInAPipelineSkipsToSync) {
  owe(Kind::parse), owe(Kind::bind), owe(Kind::execute, 1), owe(Kind::execute, 2), owe(Kind::sync);
  EXPECT_EQ(take('1'), Turn::pass);
  EXPECT_EQ(take('2'), Turn::pass);
  EXPECT_EQ(error(), Turn::pass);
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(take('Z', "I"), Turn::pass);
  EXPECT_EQ(log.lines, (std::vector<std::string>{"0", "0", "1 failed", "2 skipped", "0", "status I"}));
}

TEST_F(AnswersTest, NothingIsSentIntoAFailedPipeline) {
  owe(Kind::parse);
  error();
  EXPECT_FALSE(answers.owe({.kind = Kind::execute, .request = 9}));
  EXPECT_EQ(log.lines.back(), "9 skipped");
  EXPECT_FALSE(answers.owe({.kind = Kind::query, .request = 10}));
  EXPECT_TRUE(answers.owe({.kind = Kind::sync}));
  EXPECT_EQ(take('Z', "I"), Turn::pass);
  EXPECT_TRUE(answers.owe({.kind = Kind::query}));
}

TEST_F(AnswersTest, ARefusalTakesItsTurn) {
  owe(Kind::query, 1);
  ASSERT_TRUE(answers.owe({.kind = Kind::refused_query, .say = "NO"}));
  EXPECT_EQ(complete("SELECT 1"), Turn::pass);
  EXPECT_EQ(take('Z', "T"), Turn::pass);
  EXPECT_TRUE(answers.said().empty());
  EXPECT_EQ(error("42601"), Turn::instead);
  EXPECT_EQ(answers.said(), "NO");
  EXPECT_EQ(take('Z', "E"), Turn::pass);
  EXPECT_EQ(answers.transaction(), 'E');
}

TEST_F(AnswersTest, AnUpstreamThatAcceptsTheRefusalsStatementIsBroken) {
  ASSERT_TRUE(answers.owe({.kind = Kind::refused_query, .say = "NO"}));
  EXPECT_FALSE(answers.take('Z', as_bytes("I")).ok());
}

TEST_F(AnswersTest, LocalAnswersWaitForTheirTurn) {
  owe(Kind::query, 1);
  ASSERT_TRUE(answers.owe({.kind = Kind::local, .say = "LOCAL"}));
  EXPECT_TRUE(answers.said().empty());
  complete("SELECT 1");
  take('Z', "I");
  EXPECT_EQ(std::exchange(answers.said(), {}), "LOCAL");
  ASSERT_TRUE(answers.owe({.kind = Kind::local, .say = "AT ONCE"}));
  EXPECT_EQ(answers.said(), "AT ONCE");
  EXPECT_TRUE(answers.empty());
}

TEST_F(AnswersTest, OwnQueriesAreHeardByNobodyElse) {
  const auto own = std::make_shared<OwnQuery>();
  ASSERT_TRUE(answers.owe({.kind = Kind::own, .own = own}));
  Bytes row;
  const std::optional<std::string_view> values[] = {"public", std::nullopt};
  answer::text_row(row, values);
  EXPECT_EQ(take('T'), Turn::drop);
  EXPECT_EQ(*answers.take_bulk(1, row.size(), ByteView(row).first(3)), Turn::drop);
  EXPECT_EQ(*answers.take_bulk(0, 0, ByteView(row).subspan(3)), Turn::drop);
  EXPECT_EQ(complete("SELECT 1"), Turn::drop);
  EXPECT_EQ(take('N', ""), Turn::drop);
  EXPECT_EQ(take('Z', "I"), Turn::drop);
  ASSERT_TRUE(own->finished);
  ASSERT_EQ(own->rows.size(), 1u);
  EXPECT_EQ(own->rows[0][0], "public");
  EXPECT_EQ(own->rows[0][1], std::nullopt);
}

TEST_F(AnswersTest, ABudgetCutsTheAnswerOffAndSaysWhy) {
  ASSERT_TRUE(answers.owe({.kind = Kind::query, .request = 1, .rows_max = 2}));
  EXPECT_EQ(answers.budget()->rows, 2u);
  EXPECT_EQ(*answers.take_bulk(2, 40, {}), Turn::pass);
  EXPECT_EQ(answers.budget()->rows, 0u);
  answers.over_budget();
  EXPECT_FALSE(answers.budget());
  EXPECT_EQ(*answers.take_bulk(500, 10'000, {}), Turn::drop);
  EXPECT_EQ(error("57014"), Turn::instead);
  EXPECT_EQ(answers.said(), "LIMIT");
  EXPECT_EQ(take('Z', "I"), Turn::pass);
}

TEST_F(AnswersTest, ALimitHoldsForAllPartsOfAnAnswer) {
  const auto taken = std::make_shared<Taken>();
  const auto part = [&] { ASSERT_TRUE(answers.owe({.kind = Kind::execute, .rows_max = 3, .taken = taken})); };
  part(), owe(Kind::sync), part(), owe(Kind::sync);
  EXPECT_EQ(*answers.take_bulk(2, 40, {}), Turn::pass);
  EXPECT_EQ(take('s'), Turn::pass);
  EXPECT_EQ(take('Z', "T"), Turn::pass);
  EXPECT_EQ(answers.budget()->rows, 1u);
  EXPECT_EQ(*answers.take_bulk(1, 20, {}), Turn::pass);
  answers.over_budget();
  EXPECT_EQ(*answers.take_bulk(1, 20, {}), Turn::drop);
  EXPECT_EQ(take('s'), Turn::instead);  // the cancel came too late; nothing else hangs on it
  EXPECT_EQ(answers.said(), "LIMIT");
  EXPECT_EQ(take('Z', "T"), Turn::pass);
}

TEST_F(AnswersTest, AStepThatShouldHaveFailedEndsThePipelineItSharesWithOthers) {
  const auto cut_off_at_end = [&](char end) {
    EXPECT_EQ(*answers.take_bulk(1, 20, {}), Turn::pass);
    answers.over_budget();
    return answers.take(end, as_bytes(std::string_view("SELECT 2\0", 9))).ok();
  };
  ASSERT_TRUE(answers.owe({.kind = Kind::execute, .rows_max = 1}));
  owe(Kind::sync);
  EXPECT_TRUE(cut_off_at_end('C'));  // alone
  take('Z', "I");
  ASSERT_TRUE(answers.owe({.kind = Kind::execute, .rows_max = 1}));
  owe(Kind::execute), owe(Kind::sync);
  EXPECT_FALSE(cut_off_at_end('C'));
  EXPECT_EQ(answers.last_words(), "FATAL");
}

TEST_F(AnswersTest, AStepBeforeItCountsToo) {
  owe(Kind::execute);
  ASSERT_TRUE(answers.owe({.kind = Kind::execute, .rows_max = 1}));
  owe(Kind::sync);
  complete("INSERT 0 1");
  answers.over_budget();
  EXPECT_FALSE(answers.take('s', {}).ok());
}

TEST_F(AnswersTest, AMessageThatNothingIsOwedForIsRefused) {
  for (const char type : {'C', 'Z', 'T', '1', '2', '3', 'n', 't', 's', 'I', 'V', 'G', 'H', 'c', 'R', 'K', 'W', 'x'})
    EXPECT_FALSE(answers.take(type, as_bytes("I")).ok()) << type;
  EXPECT_FALSE(answers.take_bulk(1, 10, {}).ok());
  owe(Kind::bind);
  for (const char type : {'1', '3', 'C', 'Z', 'T', 'W'}) EXPECT_FALSE(answers.take(type, as_bytes("I")).ok()) << type;
}

TEST_F(AnswersTest, NewsPassesAtAnyTime) {
  const auto news = [&] {
    for (const char type : {'A', 'N'}) EXPECT_EQ(take(type), Turn::pass);
    EXPECT_EQ(take('S', std::string("TimeZone\0UTC\0", 13)), Turn::pass);
  };
  news();
  owe(Kind::query);
  news();
  EXPECT_EQ(log.lines, (std::vector<std::string>{"reported TimeZone", "reported TimeZone"}));
}

TEST_F(AnswersTest, AGuardedCommitIsToldOnlyIfItSucceeds) {
  ASSERT_TRUE(answers.owe({.kind = Kind::sync, .say = "DONE"}));
  EXPECT_EQ(take('Z', "I"), Turn::instead);
  EXPECT_TRUE(answers.said().starts_with("DONE"));
  EXPECT_EQ(answers.said().size(), 4u + 6u);
  answers.said().clear();
  ASSERT_TRUE(answers.owe({.kind = Kind::sync, .say = "DONE"}));
  EXPECT_EQ(error("23503"), Turn::pass);
  EXPECT_EQ(take('Z', "I"), Turn::pass);
  EXPECT_TRUE(answers.said().empty());
}

TEST_F(AnswersTest, WhatALostUpstreamOwedIsNotKnownToHaveRun) {
  const auto own = std::make_shared<OwnQuery>();
  owe(Kind::query, 1);
  ASSERT_TRUE(answers.owe({.kind = Kind::own, .own = own}));
  answers.abandon();
  EXPECT_EQ(log.lines, (std::vector<std::string>{"1 skipped failed", "own"}));
  EXPECT_TRUE(own->finished);
}

}  // namespace
}  // namespace narrowgate::postgres
