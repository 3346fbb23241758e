// security-model §5.9 #5, exhaustively: every state that people, executions, time and crashes can bring an approval to, breadth
// first, through the real service over a store whose rows can be forked. A crash comes before or after any write; the service
// begins anew in every step, as after a restart.
#include <gtest/gtest.h>

#include <deque>
#include <set>
#include <tuple>

#include "approval/approval_testing.h"
#include "approval/row.h"

namespace narrowgate::approval {
namespace {

enum class Act {
  ana,
  ana_other_digest,
  raj,
  owner,
  outsider,
  deny,
  claim,
  claim_other_digest,
  claim_other_grant,
  wait,
  withdraw,
  revoke,
  sweep
};
constexpr int kActs = int(Act::sweep) + 1;
using Crash = MemoryApprovals::Crash;

struct World {
  MemoryApprovals rows;
  FakeClock clock;
  std::string id;
  int executions = 0;  // claims that were told they may run
  int taken = 0;       // uses that are gone, told or not

  const store::ApprovalRow& row() const { return rows.rows.at(id); }
  Approval approval() const { return from_row(row()).value(); }
  // What tells worlds apart. Time only as far as it decides: is it over?
  auto key() const {
    std::string votes;
    for (const Vote& vote : approval().votes) votes += vote.person + (vote.agreed ? "+" : "-");
    return std::tuple(row().state, row().uses_left, votes, clock.wall() >= row().expires, executions, taken);
  }
};

struct Setting {
  unsigned quorum;
  std::uint64_t uses;
};

World begin(const Setting& setting) {
  World world;
  auto facts = held();
  facts.quorum = setting.quorum;
  Approvals approvals(world.rows, world.clock);
  world.id = approvals.request(facts).value().approval->id;
  return world;
}

// True if an execution may go ahead after this.
bool act(World& world, Act what, const Setting& setting) {
  Approvals approvals(world.rows, world.clock);
  const auto digest = world.row().digest;
  const Approve terms{{setting.uses == 1 ? Reach::once : Reach::for_task, setting.uses, {}, {}}, ""};
  const auto claimed = [&](std::string_view of, std::string_view grant) {
    const auto claim = approvals.claim(world.id, of, grant);
    return claim.ok() && claim->claimed.has_value();
  };
  switch (what) {
    case Act::ana: (void)approvals.approve(world.id, digest, person("ana"), terms); break;
    case Act::ana_other_digest: (void)approvals.approve(world.id, "sha256:00", person("ana"), terms); break;
    case Act::raj: (void)approvals.approve(world.id, digest, person("raj"), terms); break;
    case Act::owner: (void)approvals.approve(world.id, digest, person("olu"), terms); break;
    case Act::outsider: (void)approvals.approve(world.id, digest, person("eve", {"nobodies"}), terms); break;
    case Act::deny: (void)approvals.deny(world.id, digest, person("raj"), {}); break;
    case Act::claim: return claimed(digest, "grt_1");
    case Act::claim_other_digest: return claimed("sha256:00", "grt_1");
    case Act::claim_other_grant: return claimed(digest, "grt_2");
    case Act::wait: world.clock.pass(1h); break;
    case Act::withdraw: (void)approvals.withdraw(world.id, ""); break;
    case Act::revoke: (void)approvals.revoke({grant::Target::all, ""}, ""); break;
    case Act::sweep: (void)approvals.expire_due(); break;
  }
  return false;
}

void check_execution(const World& before, Act what) {
  const auto approval = before.approval();
  ASSERT_EQ(what, Act::claim) << "neither another operation nor another grant";
  ASSERT_EQ(approval.state, State::approved);
  ASSERT_LT(before.clock.wall(), approval.expires);
  ASSERT_GE(approval.agreed(), approval.facts.quorum);
  for (const Vote& vote : approval.votes) {
    ASSERT_TRUE(vote.agreed);
    ASSERT_TRUE(vote.person == "ana" || vote.person == "raj");
    ASSERT_EQ(vote.digest, approval.digest);
  }
}

void check_step(const World& before, const World& after, const Setting& setting) {
  ASSERT_LE(after.executions, after.taken) << "nothing runs that was not taken";
  ASSERT_LE(after.taken, int(setting.uses));
  if (is_final(before.approval().state)) {
    ASSERT_EQ(after.row(), before.row()) << "final is final";
  }
  if (after.approval().state == State::consumed) {
    ASSERT_EQ(after.taken, int(setting.uses));
  }
}

std::set<std::string> explore(const Setting& setting) {
  std::set<std::string> states;
  std::deque<World> open{begin(setting)};
  std::set<decltype(open.front().key())> seen{open.front().key()};
  for (; !open.empty() && !testing::Test::HasFatalFailure(); open.pop_front()) {
    const World& before = open.front();
    states.insert(before.row().state);
    for (int a = 0; a < kActs; ++a)
      for (const Crash crash : {Crash::never, Crash::before_write, Crash::after_write}) {
        World after = before;
        after.rows.crash = crash;
        const bool executes = act(after, Act(a), setting);
        after.rows.crash = Crash::never;
        if (executes) check_execution(before, Act(a));
        after.executions += executes ? 1 : 0;
        const bool was_approved =
            before.row().state == "approved" && (after.row().state == "approved" || after.row().state == "consumed");
        after.taken += was_approved ? int(before.row().uses_left - after.row().uses_left) : 0;
        check_step(before, after, setting);
        const bool wrote = after.row().version != before.row().version;
        if (seen.insert(after.key()).second) open.push_back(std::move(after));
        if (crash == Crash::never && !wrote) break;  // then there is nothing to crash around
      }
  }
  return states;
}

TEST(Model, NothingRunsWithoutAnApprovalOfExactlyThatAndNeverMoreOftenThanAgreed) {
  for (const Setting& setting : {Setting{1, 1}, Setting{2, 1}, Setting{1, 3}, Setting{2, 2}}) {
    const auto states = explore(setting);
    EXPECT_EQ(states,
              (std::set<std::string>{"approved", "consumed", "denied", "expired", "mismatch", "pending", "revoked", "withdrawn"}))
        << "quorum " << setting.quorum << ", uses " << setting.uses;
  }
}

}  // namespace
}  // namespace narrowgate::approval
