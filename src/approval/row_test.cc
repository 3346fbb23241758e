#include <gtest/gtest.h>

#include "approval/approval_testing.h"
#include "approval/row.h"

namespace narrowgate::approval {
namespace {

Approval full() {
  Approval out;
  out.id = "apr_1";
  out.state = State::approved;
  out.facts = held("SELECT '\xff\xfe'");
  out.facts.operation.parameters = {"a", std::string("\0\x80", 2)};
  out.facts.operation.meaning = "standard_conforming_strings=off";
  out.facts.agent_reason = "batch 7 \"is\" stuck";
  out.facts.effects = {"UPDATE public.refunds(state)"};
  out.facts.declared = {"UPDATE public.refunds"};
  Preview& preview = out.facts.preview;
  preview.plan = {"Update on refunds  (cost=0.00..1.00 rows=0 width=0)", "  ->  Seq Scan on refunds"};
  preview.rows = 3;
  preview.triggers = {"paid AFTER UPDATE ON public.refunds"};
  preview.samples = {{{"id", "1"}, {"state", "st\xff", true, "void"}},
                     {{"id", "2"}, {"state", std::nullopt, true, std::nullopt}}};
  preview.incomplete = "canceling statement due to statement timeout";
  out.facts.wait = 90s;
  out.facts.ttl = 30s;
  out.facts.not_after = WallTime{2'000s};
  out.digest = op_digest(out.facts.operation);
  out.votes = {{"ana",
                true,
                "fine",
                "",
                out.digest,
                WallTime{1'500s},
                {Reach::for_task, 3, Enforced{500, 10, 1'000, 5s}, WallTime{1'900s}},
                true}};
  out.ceiling = {500, 10, 1'000, 5s};
  out.uses_left = 2;
  out.created = WallTime{1'000s};
  out.expires = WallTime{1'900s};
  out.decided = WallTime{1'500s};
  return out;
}

TEST(Row, KeepsEveryByteOfAnApproval) { EXPECT_EQ(from_row(to_row(full(), 7)).value(), full()); }

TEST(Row, ThatWasTamperedWithIsNoApproval) {
  auto row = to_row(full(), 1);
  auto edited = row;
  const auto at = edited.facts.find("orders-oncall");
  ASSERT_NE(at, std::string::npos);
  EXPECT_TRUE(from_row(edited).ok());
  edited.facts.replace(edited.facts.find("\"grant\":\"grt_1\""), 15, "\"grant\":\"grt_2\"");
  EXPECT_FALSE(from_row(edited).ok()) << "the facts are not what the digest is of";
  edited = row;
  edited.digest = "sha256:00";
  EXPECT_FALSE(from_row(edited).ok());
}

TEST(Row, ThatIsCutOffAnywhereIsAnErrorAndNoApproval) {
  const auto row = to_row(full(), 1);
  for (std::size_t n = 0; n < row.facts.size(); ++n) {
    auto cut = row;
    cut.facts.resize(n);
    EXPECT_FALSE(from_row(cut).ok()) << n;
  }
  for (std::size_t n = 0; n < row.votes.size(); ++n) {
    auto cut = row;
    cut.votes.resize(n);
    EXPECT_FALSE(from_row(cut).ok()) << n;
  }
}

TEST(Row, WithAMemberMissingIsAnError) {
  const auto row = to_row(full(), 1);
  const auto facts = parse_json(row.facts).value().get_object();
  for (const auto& pair : facts) {
    if (pair.key() == "not_after_ms" || pair.key() == "ttl_ms" || pair.key() == "preview") continue;
    auto less = facts;
    less.erase(pair.key());
    auto cut = row;
    cut.facts = canonical(less);
    EXPECT_FALSE(from_row(cut).ok()) << pair.key();
  }
}

TEST(OperationKey, IsTheSameOnANewConnectionAndAnotherForAnotherStatement) {
  auto again = held();
  again.operation.connection = "ses_2";
  again.operation.grant = "grt_2";
  again.task = "tsk_2";
  EXPECT_EQ(operation_key(held()), operation_key(again));
  EXPECT_NE(operation_key(held()), operation_key(held("SELECT 1")));
  again.agent = "other-bot";
  EXPECT_NE(operation_key(held()), operation_key(again));
}

TEST(Shown, HidesNothingAndCutsNothing) {
  auto approval = full();
  approval.facts.operation.statement = "SELECT 1 \xe2\x80\xae-- 2\n" + std::string(5'000, 'x');
  const auto shown = approval.shown_statement();
  EXPECT_NE(shown.find("\\u{202e}"), std::string::npos);
  EXPECT_TRUE(shown.ends_with(std::string(5'000, 'x')));
  EXPECT_EQ(approval.shown_parameters().size(), 2U);
  const auto json = to_json(approval);
  EXPECT_EQ(json.at("statement").as_string(), approval.facts.operation.statement);
  EXPECT_EQ(json.at("statement_shown").as_string(), shown);
  EXPECT_TRUE(json.contains("parameters_b64"));
}

}  // namespace
}  // namespace narrowgate::approval
