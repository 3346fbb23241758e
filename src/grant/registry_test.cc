// Taking access back: who is found, who is stopped, who may not come in any more.
#include <gtest/gtest.h>

#include <thread>

#include "base/fake_clock.h"
#include "base/limits.h"
#include "grant/registry.h"

namespace narrowgate::grant {
namespace {

using namespace std::chrono_literals;

struct World {
  FakeClock clock;
  Registry registry{clock};
  int serial = 0;

  Grant grant(std::string_view agent = "refund-bot", std::string_view task = "tsk_1") {
    Grant out;
    out.id = "grt_" + std::to_string(++serial);
    out.task = task;
    out.agent = agent;
    out.resource = "orders";
    out.owner = "olu";
    out.not_before = clock.wall();
    out.not_after = clock.wall() + 1h;
    out.epoch = registry.epoch();
    out.state = GrantState::active;
    return out;
  }
  std::shared_ptr<LiveGrant> issue(Grant grant) { return registry.issue(std::move(grant)).value(); }
};

// A session that does what a session does when it is killed, when told to.
struct Session {
  std::vector<Kill> kills;
  std::unique_ptr<LiveSession> live;

  Session(World& world, std::shared_ptr<LiveGrant> grant, std::string_view id) {
    auto entered = world.registry.enter(id, std::move(grant), [this](const Kill& why) { kills.push_back(why); });
    live = std::move(entered).take();
  }
};

std::vector<std::string> names(const std::vector<SessionFacts>& sessions) {
  std::vector<std::string> out;
  for (const auto& facts : sessions) out.push_back(facts.session);
  return out;
}

TEST(Registry, FindsSessionsByEverythingTheyBelongTo) {
  World world;
  auto mine = world.grant();
  mine.on_behalf_of = "ana";
  Session a(world, world.issue(mine), "ses_a"), b(world, world.issue(world.grant("other-bot", "tsk_2")), "ses_b");
  const auto found = [&](Target target, std::string name) { return names(world.registry.sessions({target, std::move(name)})); };
  using Names = std::vector<std::string>;
  EXPECT_EQ(found(Target::agent, "refund-bot"), Names{"ses_a"});
  EXPECT_EQ(found(Target::task, "tsk_2"), Names{"ses_b"});
  EXPECT_EQ(found(Target::grant, "grt_1"), Names{"ses_a"});
  EXPECT_EQ(found(Target::resource, "orders"), (Names{"ses_a", "ses_b"}));
  EXPECT_EQ(found(Target::session, "ses_b"), Names{"ses_b"});
  EXPECT_EQ(found(Target::person, "ana"), Names{"ses_a"});
  EXPECT_EQ(found(Target::person, "olu"), (Names{"ses_a", "ses_b"}));
  EXPECT_EQ(found(Target::all, ""), (Names{"ses_a", "ses_b"}));
  EXPECT_EQ(found(Target::agent, "nobody"), Names{});
  EXPECT_EQ(found(Target::person, ""), Names{}) << "nobody in particular is not everybody";
}

TEST(Registry, RevokingKillsWhatMatchesAndNothingElse) {
  World world;
  const auto grant = world.issue(world.grant());
  Session a(world, grant, "ses_a"), b(world, world.issue(world.grant("other-bot", "tsk_2")), "ses_b");
  const auto revoked = world.registry.revoke({Target::agent, "refund-bot"}, "SOC-118");
  EXPECT_EQ(revoked.epoch, 1U);
  EXPECT_EQ(names(revoked.sessions), std::vector<std::string>{"ses_a"});
  EXPECT_EQ(revoked.grants, std::vector<std::string>{"grt_1"});
  EXPECT_EQ(revoked.tasks, std::vector<std::string>{"tsk_1"});
  ASSERT_EQ(a.kills.size(), 1U);
  EXPECT_EQ(a.kills[0].cause, KillCause::revoked);
  EXPECT_EQ(a.kills[0].reason, "SOC-118");
  EXPECT_EQ(a.kills[0].epoch, 1U);
  EXPECT_TRUE(b.kills.empty());
  EXPECT_EQ(grant->state(), GrantState::revoked);
  EXPECT_FALSE(grant->may_operate(world.clock.mono()));
  EXPECT_EQ(world.registry.find("grt_1"), nullptr);
}

TEST(Registry, APreviewStopsNothing) {
  World world;
  Session a(world, world.issue(world.grant()), "ses_a");
  a.live->upstream_busy(true);
  const auto preview = world.registry.preview({});
  EXPECT_EQ(preview.sessions.size(), 1U);
  EXPECT_EQ(preview.upstreams_busy, 1U);
  EXPECT_TRUE(a.kills.empty());
  EXPECT_EQ(world.registry.epoch(), 0U);
  EXPECT_TRUE(a.live->grant().may_operate(world.clock.mono()));
}

TEST(Registry, ASessionOnItsWayInWhenItIsRevokedDoesNotGetIn) {
  World world;
  const auto grant = world.issue(world.grant());
  const auto late = world.grant();
  world.registry.revoke({Target::agent, "refund-bot"}, "");
  EXPECT_EQ(world.registry.enter("ses_a", grant, [](const Kill&) {}).error().code, Code::refused);
  EXPECT_EQ(world.registry.issue(late).error().code, Code::refused) << "decided before the revocation, issued after";
  EXPECT_TRUE(world.registry.issue(world.grant()).ok()) << "decided after it";
}

TEST(Registry, ARevokedSessionIdIsShutOutWithoutItsGrant) {
  World world;
  const auto grant = world.issue(world.grant());
  world.registry.revoke({Target::session, "ses_a"}, "");
  EXPECT_FALSE(world.registry.enter("ses_a", grant, [](const Kill&) {}).ok());
  EXPECT_TRUE(world.registry.enter("ses_b", grant, [](const Kill&) {}).ok());
}

TEST(Registry, AGrantFromBeforeWhatIsStillRememberedIsRefused) {
  World world;
  const auto old = world.grant();
  world.registry.revoke({Target::agent, "somebody-else"}, "");
  world.clock.pass(limits::grant_life_max + 1s);
  world.registry.revoke({Target::agent, "somebody-else"}, "");
  auto late = old;
  late.not_after = world.clock.wall() + 1h;
  EXPECT_FALSE(world.registry.issue(late).ok());
}

TEST(Registry, ASuspendedAgentStartsNothingUntilRestored) {
  World world;
  const auto grant = world.issue(world.grant());
  world.registry.suspend_agent("refund-bot");
  EXPECT_FALSE(world.registry.issue(world.grant()).ok());
  EXPECT_FALSE(world.registry.enter("ses_a", grant, [](const Kill&) {}).ok());
  EXPECT_TRUE(world.registry.issue(world.grant("other-bot")).ok());
  world.registry.restore_agent("refund-bot");
  EXPECT_FALSE(world.registry.agent_suspended("refund-bot"));
  EXPECT_TRUE(world.registry.issue(world.grant()).ok());
}

TEST(Registry, TheEpochOnlyRises) {
  World world;
  world.registry.start_at(42);
  EXPECT_EQ(world.registry.revoke({}, "").epoch, 43U);
  EXPECT_EQ(world.registry.revoke({}, "", KillCause::revoked, 50).epoch, 50U);
  EXPECT_EQ(world.registry.revoke({}, "", KillCause::revoked, 7).epoch, 51U) << "two commands that the store numbered crossed";
  EXPECT_EQ(world.registry.epoch(), 51U);
}

TEST(Stop, IsCompleteWhenClientsAreClosedAndBusyUpstreamsCancelled) {
  World world;
  const auto grant = world.issue(world.grant());
  auto a = std::make_unique<Session>(world, grant, "ses_a"), b = std::make_unique<Session>(world, grant, "ses_b");
  a->live->upstream_busy(true);
  const auto revoked = world.registry.revoke({Target::grant, "grt_1"}, "");
  EXPECT_EQ(revoked.upstreams_busy, 1U);
  std::optional<StopProgress> told;
  revoked.stop->on_complete([&](const StopProgress& progress) { told = progress; });
  EXPECT_FALSE(revoked.stop->progress().complete());
  world.clock.pass(10ms);
  a->live->client_closed();
  a->live->client_closed();
  world.clock.pass(10ms);
  b.reset();
  EXPECT_FALSE(told) << "one upstream is still busy";
  world.clock.pass(30ms);
  a->live->upstream_cancelled();
  ASSERT_TRUE(told);
  EXPECT_EQ(told->sessions, 2U);
  EXPECT_EQ(told->clients_closed, 2U);
  EXPECT_EQ(told->upstreams_cancelled, 1U);
  EXPECT_EQ(told->client_slowest, 20ms);
  EXPECT_EQ(told->upstream_slowest, 50ms);
  a.reset();
  EXPECT_EQ(revoked.stop->wait(0ms).clients_closed, 2U) << "leaving counts once";
}

TEST(Stop, OfNothingIsCompleteAtOnce) {
  World world;
  const auto revoked = world.registry.revoke({Target::agent, "nobody"}, "");
  EXPECT_TRUE(revoked.stop->wait(0ms).complete());
  bool told = false;
  revoked.stop->on_complete([&](const StopProgress&) { told = true; });
  EXPECT_TRUE(told);
}

TEST(Stop, AnUpstreamThatComesToRestByItselfCountsAsCancelled) {
  World world;
  Session a(world, world.issue(world.grant()), "ses_a");
  a.live->upstream_busy(true);
  const auto revoked = world.registry.revoke({}, "");
  a.live->upstream_busy(false);
  EXPECT_EQ(revoked.stop->progress().upstreams_cancelled, 1U);
}

TEST(Stop, ASecondCommandWaitsForWhatTheFirstIsStillStopping) {
  World world;
  auto a = std::make_unique<Session>(world, world.issue(world.grant()), "ses_a");
  const auto first = world.registry.revoke({Target::agent, "refund-bot"}, "");
  const auto second = world.registry.revoke({Target::resource, "orders"}, "");
  EXPECT_EQ(a->kills.size(), 1U);
  EXPECT_EQ(second.stop->progress().sessions, 1U);
  a.reset();
  EXPECT_TRUE(first.stop->wait(0ms).complete());
  EXPECT_TRUE(second.stop->wait(0ms).complete());
}

TEST(Registry, SweepEndsGrantsWhoseTimeIsOver) {
  World world;
  Session a(world, world.issue(world.grant()), "ses_a");
  for (int i = 0; i < 6; ++i) {
    world.clock.pass(10min - 1s);
    a.live->grant().touch(world.clock.mono());
    EXPECT_TRUE(world.registry.sweep().sessions.empty());
  }
  EXPECT_TRUE(a.live->grant().may_operate(world.clock.mono()));
  world.clock.pass(6s);
  EXPECT_FALSE(a.live->grant().may_operate(world.clock.mono())) << "it does not need the sweep to know";
  EXPECT_EQ(names(world.registry.sweep().sessions), std::vector<std::string>{"ses_a"});
  ASSERT_EQ(a.kills.size(), 1U);
  EXPECT_EQ(a.kills[0].cause, KillCause::expired);
  EXPECT_TRUE(world.registry.sweep().sessions.empty()) << "once";
}

TEST(Registry, SweepEndsIdleGrantsButNotThoseWithALongQuery) {
  World world;
  const auto quiet = world.issue(world.grant()), working = world.issue(world.grant());
  Session a(world, quiet, "ses_a"), b(world, working, "ses_b");
  b.live->upstream_busy(true);
  world.clock.pass(idle_timeout_default - 1s);
  world.registry.sweep();
  world.clock.pass(2s);
  EXPECT_EQ(names(world.registry.sweep().sessions), std::vector<std::string>{"ses_a"});
  EXPECT_EQ(quiet->state(), GrantState::expired);
  EXPECT_EQ(working->state(), GrantState::active);
}

TEST(Registry, AWallClockThatJumpsBackProlongsNothing) {
  World world;
  Session a(world, world.issue(world.grant()), "ses_a");
  world.clock.jump(-10h);
  world.clock.pass(1h);
  a.live->grant().touch(world.clock.mono());
  EXPECT_EQ(world.registry.sweep().sessions.size(), 1U);
}

TEST(Registry, AGrantThatIsOverIsNotIssued) {
  World world;
  auto grant = world.grant();
  grant.not_after = world.clock.wall();
  EXPECT_FALSE(world.registry.issue(grant).ok());
}

TEST(Budget, IsUsedUpByRowsBytesUsesOrTime) {
  World world;
  auto grant = world.grant();
  grant.budget = {100, 10, 1'000, 3, {}};
  const auto live = world.issue(grant);
  EXPECT_EQ(live->charge({99, 9, 999, 1}), Spent::within);
  EXPECT_EQ(live->charge({0, 1, 0, 1}), Spent::exhausted);
  EXPECT_EQ(live->used(), (Budget{99, 10, 999, 2, std::chrono::milliseconds(0)}));
  EXPECT_EQ(world.issue(world.grant())->charge({1u << 30, 1u << 30, 1u << 30, 1, std::chrono::hours(9)}), Spent::within)
      << "without a budget";
}

TEST(Budget, OfTimeIsSharedByWhateverTakesIt) {
  World world;
  auto grant = world.grant();
  grant.budget.time = std::chrono::milliseconds(10);
  const auto live = world.issue(grant);
  const auto almost = std::chrono::microseconds(9'999);
  EXPECT_EQ(live->charge({.time = almost}), Spent::within);
  EXPECT_EQ(live->left().time, std::chrono::milliseconds(1));
  EXPECT_EQ(live->charge({.time = std::chrono::microseconds(1)}), Spent::exhausted);
  EXPECT_EQ(live->left().time, std::chrono::milliseconds(0));
}

TEST(Budget, ExhaustingEndsTheGrantAndItsSessions) {
  World world;
  Session a(world, world.issue(world.grant()), "ses_a");
  EXPECT_EQ(world.registry.exhaust("grt_1").sessions.size(), 1U);
  EXPECT_EQ(a.live->grant().state(), GrantState::exhausted);
  EXPECT_EQ(a.kills.at(0).cause, KillCause::exhausted);
}

TEST(Registry, ABurstOfDenialsSuspendsTheTask) {
  FakeClock clock;
  World world;
  Registry registry(clock, {3, 1min});
  auto grant = world.grant();
  const auto live = registry.issue(grant).value();
  EXPECT_FALSE(registry.denied("tsk_1"));
  clock.pass(2min);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(registry.denied("tsk_1")) << "the first one is forgotten";
  EXPECT_TRUE(registry.denied("tsk_1"));
  EXPECT_EQ(live->state(), GrantState::suspended);
  EXPECT_FALSE(registry.denied("tsk_unknown"));
  EXPECT_EQ(registry.resume({Target::task, "tsk_1"}), 1U);
  EXPECT_TRUE(live->may_operate(clock.mono()));
}

TEST(Registry, RefusesAnIdThatIsLiveAlready) {
  World world;
  const auto grant = world.issue(world.grant());
  EXPECT_EQ(world.registry.issue(grant->grant()).error().code, Code::conflict);
  Session a(world, grant, "ses_a");
  EXPECT_EQ(world.registry.enter("ses_a", grant, [](const Kill&) {}).error().code, Code::conflict);
}

TEST(Registry, AClosedGrantLetsNoSessionInAndTheSweepCutsThoseInside) {
  World world;
  const auto grant = world.issue(world.grant());
  Session a(world, grant, "ses_a");
  world.registry.close("grt_1");
  EXPECT_FALSE(world.registry.enter("ses_b", grant, [](const Kill&) {}).ok());
  EXPECT_EQ(world.registry.sweep().sessions.size(), 1U);
}

// Sessions come and go while others revoke: whoever is in at the end of a revocation is either told, or was let in after it.
TEST(Registry, RevocationAndArrivalMayHappenAtOnce) {
  SystemClock clock;
  Registry registry(clock);
  std::atomic<bool> over{false};
  std::atomic<int> arrived{0};
  const auto arrive = [&](int who) {
    for (int i = 0; !over; ++i) {
      Grant grant;
      grant.id = "grt_" + std::to_string(who) + "_" + std::to_string(i);
      grant.task = "tsk_" + std::to_string(who);
      grant.agent = "bot";
      grant.epoch = registry.epoch();
      grant.not_after = clock.wall() + 1h;
      grant.state = GrantState::active;
      const auto live = registry.issue(grant);
      if (!live.ok()) continue;
      std::atomic<int> kills{0};
      const auto session = registry.enter("ses" + grant.id, *live, [&](const Kill&) { EXPECT_EQ(++kills, 1); });
      if (!session.ok()) continue;
      arrived += 1;
      (*session)->upstream_busy(true);
      (*session)->upstream_busy(false);
      if (registry.epoch() == grant.epoch) continue;
      registry.sessions();  // takes the lock that the revocation held
      EXPECT_FALSE((*live)->may_operate(clock.mono()));
    }
  };
  std::vector<std::thread> threads;
  for (int who = 0; who < 3; ++who) threads.emplace_back(arrive, who);
  while (arrived == 0) std::this_thread::yield();
  for (int i = 0; i < 200; ++i) {
    const auto revoked = registry.revoke({Target::agent, "bot"}, "");
    EXPECT_TRUE(revoked.stop->wait(60s).complete());
  }
  over = true;
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(registry.sessions().empty());
}

}  // namespace
}  // namespace narrowgate::grant
