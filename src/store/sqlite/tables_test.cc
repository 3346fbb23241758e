// What goes in comes out, conflicts are conflicts, and a full disk is an answer.
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <thread>

#include "identity/key.h"
#include "identity/people.h"
#include "store/store_testing.h"

namespace narrowgate::store {
namespace {

using namespace std::chrono_literals;

WallTime at(std::int64_t ms) { return from_unix_ms(ms); }
grant::Scope scope(std::string_view verb, std::string_view object) {
  return grant::Scope({{"orders", std::string(verb), grant::ObjectPattern::parse(object).value(), {500, {}, {}, 30s}, false}});
}
grant::Task task(std::string id = "tsk_1") {
  grant::Task out{id, "refund-bot", "olu", "ana",     "refund-triage",         "", 1, "stuck refunds", "JIRA-4412",
                  {}, {},           at(1), at(9'000), grant::TaskState::active};
  out.scope = scope("SELECT", "public.refunds(id, state)");
  return out;
}
grant::Grant a_grant(std::string id = "grt_1", std::string of = "tsk_1") {
  grant::Grant out;
  out.id = id;
  out.task = of;
  out.agent = "refund-bot";
  out.resource = "orders";
  out.owner = "olu";
  out.asked = scope("SELECT", "*.*");
  out.scope = scope("SELECT", "public.refunds");
  out.not_before = at(1);
  out.not_after = at(5'000);
  out.budget = {100, {}, 7, {}, std::chrono::minutes(2)};
  out.policy = "sha256:9f2c";
  out.epoch = 42;
  out.state = grant::GrantState::active;
  return out;
}

struct StoreTest : testing::Test {
  TestFolder folder;
  std::unique_ptr<Store> store = folder.open();
  void reopen() {
    store.reset();
    store = folder.open();
  }
};

TEST_F(StoreTest, TheFileIsForItsOwnerOnly) {
  struct stat about{};
  ASSERT_EQ(::stat(folder.file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(StoreTest, KeepsAgentKeysAndRevokesThemOnce) {
  identity::KeyRecord key{"0011223344556677", "refund-bot", {}, {}, at(1), at(2), {}};
  key.sha256.fill(7);
  key.scram.salt = Bytes(16, 3);
  key.scram.stored_key.fill(1);
  key.scram.server_key.fill(2);
  auto& keys = store->agent_keys();
  ASSERT_TRUE(keys.add(key).ok());
  EXPECT_EQ(keys.add(key).error().code, Code::conflict);
  reopen();
  const auto found = store->agent_keys().find(key.id).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->agent, key.agent);
  EXPECT_EQ(found->sha256, key.sha256);
  EXPECT_EQ(found->scram, key.scram);
  EXPECT_EQ(found->expires, key.expires);
  EXPECT_FALSE(found->revoked);
  EXPECT_TRUE(store->agent_keys().revoke(key.id, at(5)).ok());
  EXPECT_TRUE(store->agent_keys().revoke(key.id, at(6)).ok());
  EXPECT_EQ(store->agent_keys().of_agent("refund-bot").value().at(0).revoked, at(5));
  EXPECT_EQ(store->agent_keys().revoke("none", at(5)).error().code, Code::not_found);
  EXPECT_FALSE(store->agent_keys().find("none").value());
}

TEST_F(StoreTest, TheSaltSeedIsMadeOnceAndStays) {
  const auto seed = store->agent_keys().salt_seed().value();
  EXPECT_EQ(seed.size(), 32U);
  reopen();
  EXPECT_EQ(store->agent_keys().salt_seed().value(), seed);
}

TEST_F(StoreTest, KeepsPeoplesSessionsUntilTheyExpire) {
  auto& sessions = store->people_sessions();
  identity::SessionRecord one{"01", "ana", {}, at(1), at(100), "cli", {"data-owners", "dba"}},
      two{"02", "ana", {}, at(2), at(200), "", {}};
  ASSERT_TRUE(sessions.add(one).ok());
  ASSERT_TRUE(sessions.add(two).ok());
  EXPECT_EQ(sessions.of_person("ana").value().size(), 2U);
  EXPECT_EQ(sessions.find("01").value()->groups, one.groups);
  ASSERT_TRUE(sessions.remove_expired(at(100)).ok());
  EXPECT_FALSE(sessions.find("01").value());
  ASSERT_TRUE(sessions.remove("02").ok());
  ASSERT_TRUE(sessions.remove("02").ok());
  EXPECT_TRUE(sessions.of_person("ana").value().empty());
}

TEST_F(StoreTest, AnAgentIsSuspendedOnceAndRestoredOnce) {
  auto& agents = store->agents();
  const Suspension suspension{"refund-bot", "ana", "SOC-118", at(1)};
  ASSERT_TRUE(agents.suspend(suspension).ok());
  ASSERT_TRUE(agents.suspend({"refund-bot", "olu", "again", at(2)}).ok());
  EXPECT_EQ(agents.suspended().value(), std::vector<Suspension>{suspension});
  EXPECT_TRUE(agents.restore("refund-bot").value());
  EXPECT_FALSE(agents.restore("refund-bot").value());
  EXPECT_FALSE(agents.suspension("refund-bot").value());
}

TEST_F(StoreTest, KeepsTasksAndGrantsWhole) {
  auto declared = task("tsk_2");
  declared.declared = scope("*", "*.*");
  ASSERT_TRUE(store->grants().add(task()).ok());
  ASSERT_TRUE(store->grants().add(declared).ok());
  ASSERT_TRUE(store->grants().add(a_grant()).ok());
  reopen();
  EXPECT_EQ(store->grants().find_task("tsk_1").value(), task());
  EXPECT_EQ(store->grants().find_task("tsk_2").value(), declared);
  EXPECT_EQ(store->grants().find_grant("grt_1").value(), a_grant());
  EXPECT_EQ(store->grants().add(task()).error().code, Code::conflict);
  EXPECT_FALSE(store->grants().find_task("tsk_3").value());
}

TEST_F(StoreTest, AGrantNeedsItsTask) { EXPECT_EQ(store->grants().add(a_grant()).error().code, Code::conflict); }

TEST_F(StoreTest, MovesAStateOnlyFromWhereItIs) {
  using enum grant::GrantState;
  auto& grants = store->grants();
  ASSERT_TRUE(grants.add(task()).ok());
  ASSERT_TRUE(grants.add(a_grant()).ok());
  EXPECT_TRUE(grants.move("grt_1", active, suspended).ok());
  EXPECT_EQ(grants.move("grt_1", active, closed).error().code, Code::conflict);
  EXPECT_TRUE(grants.move("tsk_1", grant::TaskState::active, grant::TaskState::completed).ok());
  EXPECT_EQ(grants.find_task("tsk_1").value()->state, grant::TaskState::completed);
}

TEST_F(StoreTest, UseOnlyGrows) {
  auto& grants = store->grants();
  ASSERT_TRUE(grants.add(task()).ok());
  ASSERT_TRUE(grants.add(a_grant()).ok());
  ASSERT_TRUE(grants.used("grt_1", {10, 2, 300, 4, std::chrono::milliseconds(500)}).ok());
  ASSERT_TRUE(grants.used("grt_1", {9, 3, {}, {}, std::chrono::milliseconds(400)}).ok());
  EXPECT_EQ(grants.used("grt_1").value(), (grant::Budget{10, 3, 300, 4, std::chrono::milliseconds(500)}));
  EXPECT_FALSE(grants.used("grt_none").value());
}

TEST_F(StoreTest, ListsGrantsByWhatTheyBelongTo) {
  auto& grants = store->grants();
  ASSERT_TRUE(grants.add(task()).ok());
  ASSERT_TRUE(grants.add(a_grant("grt_1")).ok());
  auto other = a_grant("grt_2");
  other.resource = "billing";
  other.state = grant::GrantState::closed;
  ASSERT_TRUE(grants.add(other).ok());
  const auto ids = [&](const GrantFilter& filter) {
    std::string out;
    const auto found = grants.grants(filter);
    for (const auto& one : found.value()) out += one.id + " ";
    return out;
  };
  EXPECT_EQ(ids({}), "grt_2 grt_1 ");
  EXPECT_EQ(ids({.task = "tsk_1", .agent = "refund-bot", .resource = "billing"}), "grt_2 ");
  EXPECT_EQ(ids({.task = "", .agent = "", .resource = "", .live_only = true}), "grt_1 ");
  EXPECT_EQ(ids({.task = "", .agent = "", .resource = "", .live_only = false, .limit = 1}), "grt_2 ");
  EXPECT_EQ(ids({.task = "' OR 1=1 --", .agent = "", .resource = ""}), "");
  EXPECT_EQ(grants.tasks({.task = "", .agent = "", .resource = "billing"}).value().size(), 1U);
  EXPECT_EQ(grants.tasks({.task = "", .agent = "", .resource = "none"}).value().size(), 0U);
}

TEST_F(StoreTest, NothingLivesThroughARestart) {
  auto& grants = store->grants();
  ASSERT_TRUE(grants.add(task()).ok());
  ASSERT_TRUE(grants.add(a_grant()).ok());
  EXPECT_EQ(grants.end_all_live(at(5'000)).value(), 2U);
  EXPECT_EQ(grants.find_grant("grt_1").value()->state, grant::GrantState::expired);
  EXPECT_EQ(grants.find_task("tsk_1").value()->state, grant::TaskState::completed);
  EXPECT_EQ(grants.end_all_live(at(5'000)).value(), 0U);
}

TEST_F(StoreTest, ARevocationTakesTheNextEpochAndWhatItHits) {
  auto& grants = store->grants();
  ASSERT_TRUE(grants.add(task("tsk_1")).ok());
  ASSERT_TRUE(grants.add(a_grant("grt_1", "tsk_1")).ok());
  auto other = task("tsk_2");
  other.agent = "other-bot";
  ASSERT_TRUE(grants.add(other).ok());
  EXPECT_EQ(store->revocations().epoch().value(), 0U);
  EXPECT_EQ(store->revocations().add({0, {grant::Target::agent, "refund-bot"}, "ana", "SOC-118", at(7)}).value(), 1U);
  EXPECT_EQ(grants.find_task("tsk_1").value()->state, grant::TaskState::revoked);
  EXPECT_EQ(grants.find_grant("grt_1").value()->state, grant::GrantState::revoked);
  EXPECT_EQ(grants.find_task("tsk_2").value()->state, grant::TaskState::active);
  reopen();
  EXPECT_EQ(store->revocations().epoch().value(), 1U);
  EXPECT_EQ(store->revocations().list(10).value(),
            (std::vector<RevocationRow>{{1, {grant::Target::agent, "refund-bot"}, "ana", "SOC-118", at(7)}}));
}

TEST_F(StoreTest, EveryTargetOfARevocationHitsWhatItNames) {
  struct Case {
    grant::Selector selector;
    bool task, grant;
  };
  for (const Case& c : {Case{{grant::Target::task, "tsk_1"}, true, true}, Case{{grant::Target::grant, "grt_1"}, false, true},
                        Case{{grant::Target::resource, "orders"}, false, true},
                        Case{{grant::Target::session, "ses_1"}, false, false}, Case{{grant::Target::person, "olu"}, true, true},
                        Case{{grant::Target::all, ""}, true, true}, Case{{grant::Target::agent, "nobody"}, false, false}}) {
    const TestFolder own;
    const auto fresh = own.open();
    ASSERT_TRUE(fresh->grants().add(task()).ok());
    ASSERT_TRUE(fresh->grants().add(a_grant()).ok());
    ASSERT_TRUE(fresh->revocations().add({0, c.selector, "ana", "", at(1)}).ok());
    EXPECT_EQ(fresh->grants().find_task("tsk_1").value()->state == grant::TaskState::revoked, c.task) << to_string(c.selector);
    EXPECT_EQ(fresh->grants().find_grant("grt_1").value()->state == grant::GrantState::revoked, c.grant) << to_string(c.selector);
  }
}

TEST_F(StoreTest, OneOperationHasOneLiveApproval) {
  auto& approvals = store->approvals();
  ASSERT_TRUE(approvals.add(approval_row("apr_1"), 10)->fresh);
  const auto again = approvals.add(approval_row("apr_2"), 10).value();
  EXPECT_FALSE(again.fresh);
  EXPECT_EQ(again.row, approval_row("apr_1"));
  auto ended = approval_row("apr_1");
  ended.state = "expired";
  ASSERT_TRUE(approvals.replace(ended).ok());
  EXPECT_FALSE(approvals.live("sha256:aa").value());
  EXPECT_TRUE(approvals.add(approval_row("apr_2"), 10)->fresh);
}

TEST_F(StoreTest, OnlySoManyApprovalsArePending) {
  ASSERT_TRUE(store->approvals().add(approval_row("apr_1", "a"), 1).ok());
  EXPECT_EQ(store->approvals().add(approval_row("apr_2", "b"), 1).error().code, Code::refused);
}

TEST_F(StoreTest, OfTwoWhoReadOneApprovalOneWrites) {
  auto& approvals = store->approvals();
  ASSERT_TRUE(approvals.add(approval_row("apr_1"), 10).ok());
  auto mine = approvals.find("apr_1").value().value(), yours = mine;
  mine.state = "approved";
  mine.votes = R"([{"person":"ana"}])";
  yours.state = "denied";
  ASSERT_TRUE(approvals.replace(mine).ok());
  EXPECT_EQ(approvals.replace(yours).error().code, Code::conflict);
  mine.version = 2;
  EXPECT_EQ(approvals.find("apr_1").value(), mine);
}

TEST_F(StoreTest, RemembersADenialByItsOperation) {
  auto row = approval_row("apr_1");
  row.state = "denied";
  row.decided = at(5'000);
  ASSERT_TRUE(store->approvals().add(row, 10).ok());
  EXPECT_TRUE(store->approvals().denied("sha256:op", at(5'000)).value());
  EXPECT_FALSE(store->approvals().denied("sha256:op", at(5'001)).value());
  EXPECT_FALSE(store->approvals().denied("sha256:other", at(0)).value());
}

TEST_F(StoreTest, ListsApprovalsByStateExpiryAndPerson) {
  auto& approvals = store->approvals();
  ASSERT_TRUE(approvals.add(approval_row("apr_1", "a"), 10).ok());
  auto two = approval_row("apr_2", "b");
  two.state = "approved";
  two.on_behalf_of = "ana";
  two.expires = at(20'000);
  ASSERT_TRUE(approvals.add(two, 10).ok());
  const auto count = [&](const ApprovalFilter& filter) { return approvals.list(filter)->size(); };
  ApprovalFilter filter;
  EXPECT_EQ(count(filter), 2U);
  filter.states = {"pending", "approved"};
  EXPECT_EQ(count(filter), 2U);
  filter.expired_by = at(9'000);
  EXPECT_EQ(count(filter), 1U);
  filter = {};
  filter.person = "ana";
  EXPECT_EQ(count(filter), 1U);
  filter.person = "olu";
  EXPECT_EQ(count(filter), 2U);
}

TEST_F(StoreTest, ADecisionIsAskedAboutOnceAndOnlyByItsTask) {
  auto& decisions = store->decisions();
  DecisionRow row;
  row.id = "dec_1";
  row.outcome = "denied";
  row.code = "scope_denied";
  row.task = "tsk_1";
  row.at = at(3);
  ASSERT_TRUE(decisions.add(row).ok());
  EXPECT_EQ(decisions.find("dec_1").value(), row);
  EXPECT_EQ(decisions.ask("dec_1", "tsk_2", "please").error().code, Code::not_found);
  EXPECT_TRUE(decisions.ask("dec_1", "tsk_1", "please").ok());
  EXPECT_EQ(decisions.ask("dec_1", "tsk_1", "again").error().code, Code::conflict);
  DecisionFilter asked;
  asked.asked_only = true;
  EXPECT_EQ(decisions.list(asked).value().at(0).asked_why, "please");
  row.id = "dec_2";
  row.facts = std::string(decision_facts_bytes_max + 1, 'x');
  EXPECT_EQ(decisions.add(row).error().code, Code::too_large);
  EXPECT_EQ(decisions.forget(at(4)).value(), 1U);
  EXPECT_FALSE(decisions.find("dec_1").value());
}

TEST_F(StoreTest, IndexesSessionsAndClosesThoseThatWereCutOff) {
  auto& sessions = store->sessions();
  SessionRow row{"ses_1", "tsk_1", "grt_1", "refund-bot", "orders", "rec_1", "refund-triage", "127.0.0.1:1", at(1), {}, "", {}};
  ASSERT_TRUE(sessions.open(row).ok());
  ASSERT_TRUE(sessions.update("ses_1", {1, 2, 3, 4, 5}).ok());
  EXPECT_EQ(sessions.find("ses_1").value()->counts, (SessionCounts{1, 2, 3, 4, 5}));
  auto second = row;
  second.id = "ses_2";
  ASSERT_TRUE(sessions.open(second).ok());
  ASSERT_TRUE(sessions.close("ses_1", at(9), "client left", {2, 2, 3, 4, 5}).ok());
  EXPECT_EQ(sessions.close_all_open(at(10), "the gateway stopped").value(), 1U);
  EXPECT_EQ(sessions.find("ses_1").value()->end, "client left");
  EXPECT_EQ(sessions.find("ses_2").value()->end, "the gateway stopped");
  SessionFilter open;
  open.open_only = true;
  EXPECT_TRUE(sessions.list(open).value().empty());
  SessionFilter since;
  since.since = at(2);
  EXPECT_TRUE(sessions.list(since).value().empty());
}

TEST_F(StoreTest, KeepsTheNewestDocumentOfAnIssuer) {
  auto& issuers = store->issuers();
  ASSERT_TRUE(issuers.keep({"https://issuer.example/jwks", "{}", at(5)}).ok());
  ASSERT_TRUE(issuers.keep({"https://issuer.example/jwks", "old", at(4)}).ok());
  EXPECT_EQ(issuers.find("https://issuer.example/jwks").value()->document, "{}");
  EXPECT_EQ(issuers.keep({"u", std::string(issuer_document_bytes_max + 1, 'x'), at(5)}).error().code, Code::too_large);
}

TEST(StoreFull, IsAnErrorThatNamesTheFileAndTheStoreGoesOn) {
  const TestFolder folder;
  std::size_t kept = 0;
  {
    const auto store = folder.open(400'000);
    Result<Done> last = Done{};
    for (; kept < 10'000 && last.ok(); ++kept)
      last = store->issuers().keep({"u" + std::to_string(kept), std::string(10'000, 'x'), at(1)});
    ASSERT_FALSE(last.ok());
    kept -= 1;
    EXPECT_EQ(last.error().code, Code::unavailable);
    EXPECT_EQ(last.error().detail.substr(0, last.error().detail.find(" (")),
              "store " + folder.file() + ": the disk is full; free some space");
    EXPECT_TRUE(store->issuers().find("u0").value()) << "reading goes on";
    EXPECT_FALSE(store->issuers().find("u" + std::to_string(kept)).value());
  }
  const auto store = folder.open();
  EXPECT_TRUE(store->check().ok());
  EXPECT_TRUE(store->issuers().find("u" + std::to_string(kept - 1)).value());
}

TEST(StoreThreads, ManyMayWriteAndReadAtOnce) {
  const TestFolder folder;
  const auto store = folder.open();
  std::vector<std::thread> threads;
  for (int who = 0; who < 4; ++who)
    threads.emplace_back([&, who] {
      for (int i = 0; i < 25; ++i) {
        const auto id = "apr_" + std::to_string(who) + "_" + std::to_string(i);
        EXPECT_TRUE(store->approvals().add(approval_row(id, id), 1'000).ok());
        EXPECT_TRUE(store->approvals().find(id).value()) << "what was written is seen";
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->approvals().list({})->size(), 100U);
}

}  // namespace
}  // namespace narrowgate::store
