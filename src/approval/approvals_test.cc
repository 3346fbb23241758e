// The service, step by step, over the real store.
#include <gtest/gtest.h>

#include "approval/approval_testing.h"
#include "approval/row.h"
#include "store/store_testing.h"

namespace narrowgate::approval {
namespace {

struct ApprovalsTest : testing::Test {
  store::TestFolder folder;
  std::unique_ptr<store::Store> store = folder.open();
  FakeClock clock;
  std::optional<Approvals> approvals{std::in_place, store->approvals(), clock};

  Approval ask(const OperationFacts& facts = held()) { return approvals->request(facts).value().approval.value(); }
  Result<Approval> approve(const Approval& asked, const Approver& who, const Terms& terms = {}) {
    return approvals->approve(asked.id, asked.digest, who, {terms, ""});
  }
  Approval agreed(const OperationFacts& facts = held(), const Terms& terms = {}) {
    return approve(ask(facts), person("ana"), terms).value();
  }
  Claim claim(const Approval& of) { return approvals->claim(of.id, of.digest, of.facts.operation.grant).value(); }
};

TEST_F(ApprovalsTest, AHeldOperationWaitsAndIsApprovedAndRunsOnce) {
  const auto requested = approvals->request(held()).value();
  ASSERT_TRUE(requested.approval);
  EXPECT_TRUE(requested.fresh);
  EXPECT_EQ(requested.approval->state, State::pending);
  EXPECT_EQ(requested.approval->expires - requested.approval->created, limits::hold_default);
  EXPECT_EQ(claim(*requested.approval).failure, ClaimFailure::pending);
  const auto approval = approve(*requested.approval, person("ana")).value();
  EXPECT_EQ(approval.state, State::approved);
  EXPECT_EQ(approval.uses_left, 1U);
  const auto taken = claim(approval);
  ASSERT_TRUE(taken.claimed);
  EXPECT_EQ(taken.claimed->ceiling, held().operation.enforced);
  EXPECT_EQ(taken.claimed->approvers, std::vector<std::string>{"ana"});
  EXPECT_EQ(claim(approval).failure, ClaimFailure::used_up);
  EXPECT_EQ(approvals->show(approval.id)->state, State::consumed);
}

TEST_F(ApprovalsTest, TheSameOperationAskedAgainIsTheSameApproval) {
  const auto first = ask();
  const auto again = approvals->request(held()).value();
  EXPECT_FALSE(again.fresh);
  EXPECT_EQ(again.approval->id, first.id);
  EXPECT_NE(ask(held("DELETE FROM public.refunds WHERE id = 1")).id, first.id);
  EXPECT_EQ(approvals->live(first.digest).value()->id, first.id);
}

TEST_F(ApprovalsTest, ADenialIsFinalAndRememberedThroughANewConnection) {
  const auto asked = ask();
  const auto denied =
      approvals->deny(asked.id, asked.digest, person("ana"), {DenyReason::too_broad, "add AND state = 'stuck'"}).value();
  EXPECT_EQ(denied.state, State::denied);
  EXPECT_EQ(approve(asked, person("raj")).error().code, Code::conflict);
  EXPECT_EQ(claim(asked).failure, ClaimFailure::denied);
  auto elsewhere = held();
  elsewhere.operation.connection = elsewhere.session = "ses_2";
  elsewhere.operation.grant = "grt_2";
  clock.pass(limits::denial_remembered - 1s);
  const auto again = approvals->request(elsewhere).value();
  ASSERT_TRUE(again.refusal);
  EXPECT_EQ(again.refusal->why, Refusal::Why::denied_before);
  EXPECT_EQ(again.refusal->approval, asked.id);
  EXPECT_EQ(again.refusal->by_reason, "too_broad");
  EXPECT_EQ(again.refusal->words, "add AND state = 'stuck'");
  clock.pass(2s);
  EXPECT_TRUE(approvals->request(elsewhere).value().fresh);
}

TEST_F(ApprovalsTest, AQuorumIsOfDifferentPeople) {
  auto facts = held();
  facts.quorum = 2;
  const auto asked = ask(facts);
  EXPECT_EQ(approve(asked, person("ana"))->state, State::pending);
  EXPECT_EQ(approve(asked, person("ana")).error().code, Code::conflict);
  EXPECT_EQ(claim(asked).failure, ClaimFailure::pending);
  EXPECT_EQ(approve(asked, person("raj"))->state, State::approved);
}

TEST_F(ApprovalsTest, OneDenialOutweighsOneAgreementAlsoOfTheSamePerson) {
  auto facts = held();
  facts.quorum = 2;
  const auto asked = ask(facts);
  ASSERT_TRUE(approve(asked, person("ana")).ok());
  EXPECT_EQ(approvals->deny(asked.id, asked.digest, person("ana"), {})->state, State::denied);
}

TEST_F(ApprovalsTest, TheStrictestOfAllTermsCounts) {
  auto facts = held();
  facts.quorum = 2;
  const auto asked = ask(facts);
  ASSERT_TRUE(approve(asked, person("ana"), {Reach::for_task, 20, Enforced{500, 10, 1'048'576, 30s}, clock.wall() + 30min}).ok());
  const auto approval =
      approve(asked, person("raj"), {Reach::for_task, 5, Enforced{100, 50, 1'048'576, 30s}, clock.wall() + 20min}).value();
  EXPECT_EQ(approval.uses_left, 5U);
  EXPECT_EQ(approval.ceiling, (Enforced{100, 10, 1'048'576, 30s}));
  EXPECT_EQ(approval.expires, clock.wall() + 20min);
  EXPECT_EQ(claim(approval).claimed->ceiling, approval.ceiling);
}

TEST_F(ApprovalsTest, OnceFromOneOfTwoIsOnce) {
  auto facts = held();
  facts.quorum = 2;
  const auto asked = ask(facts);
  ASSERT_TRUE(approve(asked, person("ana"), {Reach::for_task, 20, {}, {}}).ok());
  EXPECT_EQ(approve(asked, person("raj"))->uses_left, 1U);
}

TEST_F(ApprovalsTest, ForATaskItRunsAsOftenAsWasAgreedAndNoMore) {
  const auto approval = agreed(held(), {Reach::for_task, 3, {}, {}});
  for (std::uint64_t left : {2, 1, 0}) EXPECT_EQ(claim(approval).claimed.value().uses_left, left);
  EXPECT_EQ(claim(approval).failure, ClaimFailure::used_up);
}

TEST_F(ApprovalsTest, ADifferentOperationSpoilsTheApproval) {
  const auto approval = agreed();
  EXPECT_EQ(approvals->claim(approval.id, "sha256:00", "grt_1")->failure, ClaimFailure::mismatch);
  EXPECT_EQ(claim(approval).failure, ClaimFailure::mismatch) << "the right one comes too late";
  EXPECT_EQ(approvals->show(approval.id)->state, State::mismatch);
}

TEST_F(ApprovalsTest, AnotherGrantNeitherUsesNorSpoilsIt) {
  const auto approval = agreed();
  EXPECT_EQ(approvals->claim(approval.id, approval.digest, "grt_2")->failure, ClaimFailure::other_grant);
  EXPECT_EQ(approvals->claim(approval.id, "sha256:00", "grt_2")->failure, ClaimFailure::other_grant);
  EXPECT_TRUE(claim(approval).claimed);
  EXPECT_EQ(approvals->claim("apr_none", approval.digest, "grt_1")->failure, ClaimFailure::not_found);
}

TEST_F(ApprovalsTest, AVoteOnSomethingElseThanWhatIsAskedDoesNotCount) {
  const auto asked = ask();
  EXPECT_EQ(approvals->approve(asked.id, "sha256:00", person("ana"), {}).error().code, Code::conflict);
  EXPECT_EQ(approvals->deny(asked.id, "", person("ana"), {}).error().code, Code::conflict);
  EXPECT_EQ(approvals->show(asked.id)->votes.size(), 0U);
}

TEST_F(ApprovalsTest, TheWrongPeopleCanNeitherApproveNorDeny) {
  const auto asked = ask();
  for (const auto& who : {person("olu"), person("kim"), person("ana", {"data-owners"})}) {
    EXPECT_EQ(approve(asked, who).error().code, Code::refused) << who.name;
    EXPECT_EQ(approvals->deny(asked.id, asked.digest, who, {}).error().code, Code::refused) << who.name;
  }
  EXPECT_EQ(approvals->show(asked.id)->state, State::pending);
}

TEST_F(ApprovalsTest, PolicyMayRefuseAnApproverButNotAdmitOne) {
  bool asked_policy = false;
  Approvals strict(store->approvals(), clock, [&](const Approver& who, const Approval&) -> Result<Done> {
    asked_policy = true;
    if (who.phishing_resistant) return Done{};
    return Error{Code::refused, Blame::client, "policy S1 wants a security key"};
  });
  const auto asked = ask();
  EXPECT_EQ(strict.approve(asked.id, asked.digest, person("ana"), {}).error().detail, "policy S1 wants a security key");
  asked_policy = false;
  auto owner = person("olu");
  owner.phishing_resistant = true;
  EXPECT_FALSE(strict.approve(asked.id, asked.digest, owner, {}).ok());
  EXPECT_FALSE(asked_policy);
  auto keyed = person("ana");
  keyed.phishing_resistant = true;
  EXPECT_EQ(strict.approve(asked.id, asked.digest, keyed, {})->votes.at(0).phishing_resistant, true);
}

TEST_F(ApprovalsTest, NobodyDecidesAfterTheWindow) {
  const auto asked = ask();
  clock.pass(limits::hold_default);
  EXPECT_EQ(approvals->show(asked.id)->state, State::expired) << "without anybody writing it down";
  EXPECT_EQ(approvals->list({{State::expired}, "", "", "", {}, 10})->size(), 1U);
  EXPECT_EQ(approvals->list({{State::pending}, "", "", "", {}, 10})->size(), 0U);
  EXPECT_FALSE(approve(asked, person("ana")).ok());
  EXPECT_EQ(store->approvals().find(asked.id).value()->state, "expired");
  EXPECT_TRUE(approvals->request(held()).value().fresh);
}

TEST_F(ApprovalsTest, AnApprovalThatIsNotUsedExpiresAndNeverOutlivesItsGrant) {
  const auto approval = agreed();
  clock.pass(limits::hold_default);
  EXPECT_EQ(claim(approval).failure, ClaimFailure::expired);
  auto facts = held("SELECT 2");
  facts.not_after = clock.wall() + 1min;
  EXPECT_EQ(ask(facts).expires, facts.not_after);
  EXPECT_EQ(agreed(facts, {Reach::for_task, 9, {}, clock.wall() + 8h}).expires, facts.not_after);
}

TEST_F(ApprovalsTest, AnApprovalStaysGoodAsLongAsThePolicySays) {
  auto facts = held();
  facts.ttl = 20s;
  const auto approval = agreed(facts);
  EXPECT_EQ(approval.expires, clock.wall() + 20s);
  facts.operation.statement = "SELECT 2";
  EXPECT_EQ(agreed(facts, {Reach::for_task, 9, {}, clock.wall() + 8h}).expires, clock.wall() + 20s);
  facts.operation.statement = "SELECT 3";
  EXPECT_EQ(agreed(facts, {Reach::for_task, 9, {}, clock.wall() + 5s}).expires, clock.wall() + 5s);
}

TEST_F(ApprovalsTest, SettingTheClockBackProlongsNothing) {
  const auto approval = agreed();
  clock.jump(-24h);
  clock.pass(limits::hold_default);
  EXPECT_EQ(claim(approval).failure, ClaimFailure::expired);
}

TEST_F(ApprovalsTest, ExpiryIsWrittenDownAndTold) {
  std::vector<Change> told;
  const auto subscription = approvals->subscribe([&](const Change& change) { told.push_back(change); });
  const auto asked = ask();
  EXPECT_EQ(approvals->expire_due().value(), 0U);
  clock.pass(limits::hold_default);
  EXPECT_EQ(approvals->expire_due().value(), 1U);
  EXPECT_EQ(approvals->expire_due().value(), 0U);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[0].created);
  EXPECT_EQ(told[1].to, State::expired);
  EXPECT_EQ(told[1].id, asked.id);
  EXPECT_EQ(told[1].session, "ses_1");
}

TEST_F(ApprovalsTest, EveryChangeIsToldUntilTheSubscriptionIsGone) {
  std::string told;
  auto subscription = approvals->subscribe(
      [&](const Change& c) { told += std::string(to_string(c.from)) + ">" + std::string(to_string(c.to)) + " "; });
  const auto approval = agreed();
  claim(approval);
  EXPECT_EQ(told, "pending>pending pending>approved approved>consumed ");
  claim(approval);
  subscription.reset();
  agreed(held("SELECT 2"));
  EXPECT_EQ(told, "pending>pending pending>approved approved>consumed ");
}

TEST_F(ApprovalsTest, AClientThatLeavesWithdrawsWhatItAsked) {
  const auto asked = ask();
  ASSERT_TRUE(approvals->withdraw(asked.id, "the client left").ok());
  ASSERT_TRUE(approvals->withdraw(asked.id, "again").ok());
  EXPECT_EQ(approvals->show(asked.id)->state, State::withdrawn);
  EXPECT_EQ(approvals->show(asked.id)->ended_because, "the client left");
  EXPECT_FALSE(approve(asked, person("ana")).ok());
  EXPECT_EQ(approvals->withdraw("apr_none", "").error().code, Code::not_found);
  const auto approval = agreed(held("SELECT 2"));
  ASSERT_TRUE(approvals->withdraw(approval.id, "the client left").ok());
  EXPECT_EQ(claim(approval).failure, ClaimFailure::revoked);
}

TEST_F(ApprovalsTest, RevocationEndsWhatIsLiveOfWhomItNames) {
  using grant::Target;
  const auto mine = agreed();
  auto other = held("SELECT 2");
  other.task = "tsk_2";
  const auto theirs = ask(other);
  EXPECT_EQ(approvals->revoke({Target::task, ""}, "").value(), 0U);
  EXPECT_EQ(approvals->revoke({Target::task, "tsk_1"}, "SOC-118").value(), 1U);
  EXPECT_EQ(claim(mine).failure, ClaimFailure::revoked);
  EXPECT_EQ(approvals->show(theirs.id)->state, State::pending);
  EXPECT_EQ(approvals->revoke({Target::agent, "refund-bot"}, "").value(), 1U);
  EXPECT_EQ(approvals->revoke({Target::all, ""}, "").value(), 0U);
}

TEST_F(ApprovalsTest, SurvivesARestart) {
  const auto approval = agreed();
  approvals.reset();
  store.reset();
  store = folder.open();
  approvals.emplace(store->approvals(), clock);
  EXPECT_EQ(approvals->show(approval.id).value(), approval);
  EXPECT_TRUE(claim(approval).claimed);
}

TEST_F(ApprovalsTest, WhatCannotBeShownWholeIsNotAsked) {
  const auto requested = approvals->request(held(std::string(statement_shown_max + 1, 'x'))).value();
  EXPECT_FALSE(requested.approval);
  EXPECT_EQ(requested.refusal->why, Refusal::Why::too_large);
  auto facts = held();
  facts.groups.clear();
  EXPECT_EQ(approvals->request(facts)->refusal->why, Refusal::Why::nobody_may);
  EXPECT_TRUE(approvals->list({})->empty());
}

TEST_F(ApprovalsTest, KeepsTheExactBytesOfALongStatement) {
  const auto facts = held(std::string(statement_shown_max - 2, 'x') + "\xff\n");
  EXPECT_EQ(approvals->show(ask(facts).id)->facts.operation, facts.operation);
}

TEST_F(ApprovalsTest, ListsWhatAGroupMayDecide) {
  const auto asked = ask();
  auto facts = held("SELECT 2");
  facts.groups = {"data-owners"};
  ask(facts);
  const auto listed = approvals->list({{State::pending}, "", "", "", "dba", 10}).value();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].id, asked.id);
  EXPECT_EQ(approvals->list({{}, "", "", "", {}, 1})->size(), 1U);
  EXPECT_EQ(approvals->list({{}, "tsk_none", "", "", {}, 10})->size(), 0U);
}

TEST_F(ApprovalsTest, WordsToTheAgentAreBounded) {
  const auto asked = ask();
  EXPECT_EQ(approvals->deny(asked.id, asked.digest, person("ana"), {DenyReason::not_now, std::string(words_bytes_max + 1, 'x')})
                .error()
                .code,
            Code::too_large);
}

TEST(ApprovalsFull, OnlySoManyWaitAtOnceAndThoseThatExpiredMakeRoom) {
  MemoryApprovals rows;
  struct Full final : store::Approvals {
    MemoryApprovals& rows;
    explicit Full(MemoryApprovals& r) : rows(r) {}
    Result<Added> add(const store::ApprovalRow& row, std::size_t most) override {
      const auto pending =
          std::count_if(rows.rows.begin(), rows.rows.end(), [](const auto& one) { return one.second.state == "pending"; });
      if (std::size_t(pending) >= std::min<std::size_t>(most, 2)) return Error{Code::refused, Blame::gateway, "2 wait already"};
      return rows.add(row, most);
    }
    Result<std::optional<store::ApprovalRow>> find(std::string_view id) override { return rows.find(id); }
    Result<std::optional<store::ApprovalRow>> live(std::string_view digest) override { return rows.live(digest); }
    Result<std::optional<store::ApprovalRow>> denied(std::string_view o, WallTime s) override { return rows.denied(o, s); }
    Result<Done> replace(const store::ApprovalRow& row) override { return rows.replace(row); }
    Result<std::vector<store::ApprovalRow>> list(const store::ApprovalFilter& filter) override { return rows.list(filter); }
  } full(rows);
  FakeClock clock;
  Approvals approvals(full, clock);
  EXPECT_TRUE(approvals.request(held("1"))->fresh);
  EXPECT_TRUE(approvals.request(held("2"))->fresh);
  EXPECT_EQ(approvals.request(held("3"))->refusal->why, Refusal::Why::too_many);
  clock.pass(limits::hold_default);
  EXPECT_TRUE(approvals.request(held("3"))->fresh);
}

}  // namespace
}  // namespace narrowgate::approval
