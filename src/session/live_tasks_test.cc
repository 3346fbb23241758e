#include "session/live_tasks.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/fake_clock.h"

namespace narrowgate::session {
namespace {

using namespace std::chrono_literals;

struct LiveTasksTest : testing::Test {
  const Work work{.agent = "refund-bot", .task_template = "refund-triage", .resource = "orders"};
  FakeClock clock;
  LiveTasks tasks{clock};
  int begun = 0;

  LiveTask made() {
    grant::Grant grant;
    grant.id = fmt::format("grt_{}", ++begun);
    grant.state = grant::GrantState::active;
    LiveTask out;
    out.task.id = fmt::format("tsk_{}", begun);
    out.task.not_after = clock.wall() + 1h;
    out.grant = std::make_shared<grant::LiveGrant>(grant, clock.mono(), clock.mono() + 1h);
    return out;
  }
  LiveTask enter(const Work& wanted) {
    auto got = tasks.join_or_begin(wanted, [&] { return Result<LiveTasks::Begun>(LiveTasks::Begun(made())); });
    EXPECT_TRUE(got.ok());
    return std::get<LiveTask>(*got);
  }
};

TEST_F(LiveTasksTest, ConnectionsForTheSameWorkShareATask) {
  EXPECT_FALSE(tasks.join(work));
  const LiveTask first = enter(work);
  EXPECT_EQ(enter(work).task.id, first.task.id);
  ASSERT_TRUE(tasks.join(work));
  EXPECT_EQ(begun, 1);
}

TEST_F(LiveTasksTest, AnythingElseIsOtherWork) {
  const LiveTask first = enter(work);
  for (auto member : {&Work::agent, &Work::issuer, &Work::subject, &Work::instance, &Work::on_behalf_of, &Work::task_template,
                      &Work::reason, &Work::ticket, &Work::resource, &Work::database, &Work::policies}) {
    Work other = work;
    other.*member += "x";
    EXPECT_NE(enter(other).task.id, first.task.id);
  }
  Work stronger = work;
  stronger.assurance = 3;
  EXPECT_NE(enter(stronger).task.id, first.task.id);
}

TEST_F(LiveTasksTest, ATaskWaitsForTheNextConnectionAndNoLonger) {
  const LiveTask first = enter(work);
  EXPECT_FALSE(tasks.leave(work, *first.grant, 30s));
  clock.pass(29s);
  EXPECT_TRUE(tasks.take_left().empty());
  EXPECT_EQ(enter(work).task.id, first.task.id);
  clock.pass(31s);
  EXPECT_TRUE(tasks.take_left().empty()) << "somebody is connected";
  EXPECT_FALSE(tasks.leave(work, *first.grant, 30s));
  clock.pass(30s);
  const auto left = tasks.take_left();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].task.id, first.task.id);
  EXPECT_NE(enter(work).task.id, first.task.id);
}

TEST_F(LiveTasksTest, WithoutPatienceItEndsWithItsLastConnection) {
  const LiveTask first = enter(work);
  enter(work);
  EXPECT_FALSE(tasks.leave(work, *first.grant, 0s));
  EXPECT_TRUE(tasks.leave(work, *first.grant, 0s));
  EXPECT_FALSE(tasks.join(work));
}

TEST_F(LiveTasksTest, NobodyJoinsWhatIsOver) {
  const LiveTask first = enter(work);
  ASSERT_TRUE(first.grant->apply(grant::GrantEvent::revoke));
  EXPECT_FALSE(tasks.join(work));
  const LiveTask second = enter(work);
  EXPECT_NE(second.task.id, first.task.id);
  EXPECT_TRUE(tasks.leave(work, *first.grant, 30s)) << "its own connection ends it, and the other goes on";
  EXPECT_TRUE(tasks.join(work));
  clock.pass(2h);
  EXPECT_FALSE(tasks.join(work)) << "whatever anybody swept";
  EXPECT_NE(enter(work).task.id, second.task.id);
  clock.jump(2h);
  EXPECT_FALSE(tasks.join(work)) << "policies would refuse it by the wall clock";
}

TEST_F(LiveTasksTest, AUsedUpBudgetIsNotBegunAnewBeforeItsTimeIsUp) {
  const LiveTask first = enter(work);
  ASSERT_TRUE(first.grant->apply(grant::GrantEvent::exhaust));
  EXPECT_TRUE(tasks.leave(work, *first.grant, 30s)) << "what was made for it goes";
  clock.pass(59min);
  EXPECT_TRUE(tasks.take_left().empty());
  ASSERT_TRUE(tasks.join(work));
  EXPECT_EQ(tasks.join(work)->task.id, first.task.id);
  clock.pass(1min);
  EXPECT_NE(enter(work).task.id, first.task.id);
}

TEST_F(LiveTasksTest, ASuspendedTaskIsNotForgottenBeforeItsGrantEnds) {
  const LiveTask first = enter(work);
  ASSERT_TRUE(first.grant->apply(grant::GrantEvent::suspend));
  EXPECT_FALSE(tasks.leave(work, *first.grant, 30s));
  clock.pass(10min);
  EXPECT_TRUE(tasks.take_left().empty());
  ASSERT_TRUE(tasks.join(work));
  EXPECT_EQ(tasks.join(work)->task.id, first.task.id);
  clock.pass(1h);
  EXPECT_NE(enter(work).task.id, first.task.id);
}

TEST_F(LiveTasksTest, OfManyAtOnceOneBegins) {
  std::vector<std::thread> all;
  for (int i = 0; i < 8; ++i) all.emplace_back([&] { enter(work); });
  for (auto& one : all) one.join();
  EXPECT_EQ(begun, 1);
  const LiveTask task = *tasks.join(work);
  for (int i = 0; i < 8; ++i) EXPECT_FALSE(tasks.leave(work, *task.grant, 0s));
  EXPECT_TRUE(tasks.leave(work, *task.grant, 0s));
}

TEST_F(LiveTasksTest, ARefusalIsForEachConnectionAnew) {
  const auto no = [&] {
    ++begun;
    return Result<LiveTasks::Begun>(LiveTasks::Begun(Denial{}));
  };
  EXPECT_TRUE(std::holds_alternative<Denial>(*tasks.join_or_begin(work, no)));
  EXPECT_TRUE(std::holds_alternative<Denial>(*tasks.join_or_begin(work, no)));
  EXPECT_EQ(begun, 2);
}

}  // namespace
}  // namespace narrowgate::session
