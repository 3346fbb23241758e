#include <condition_variable>
#include <latch>
#include <stdexcept>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::run;
using namespace std::chrono_literals;

Task<void> call(Loop& loop, Pool& pool, std::atomic<int>& ended, std::latch& both) {
  auto work = [&] {
    both.arrive_and_wait();
    return !loop.on_this_thread();
  };
  const bool elsewhere = co_await pool.run(loop, work);
  EXPECT_TRUE(elsewhere);
  EXPECT_TRUE(loop.on_this_thread());
  if (++ended == 2) loop.stop();
}

TEST(Pool, WorkRunsSideBySideElsewhereAndResumesOnTheLoop) {
  Loop loop;
  Pool pool(2);
  std::latch both(2);  // neither piece of work can end alone
  std::atomic<int> ended = 0;
  loop.spawn(call(loop, pool, ended, both));
  loop.spawn(call(loop, pool, ended, both));
  loop.run();
  EXPECT_EQ(ended, 2);
}

Task<void> catches(Loop& loop, Pool& pool, std::string& what) {
  try {
    auto work = []() -> int { throw std::runtime_error("in the pool"); };
    (void)co_await pool.run(loop, work);
  } catch (const std::exception& thrown) {
    what = thrown.what();
  }
}

TEST(Pool, AnExceptionComesBackToTheAwaiter) {
  Loop loop;
  Pool pool(1);
  std::string what;
  run(loop, catches(loop, pool, what));
  EXPECT_EQ(what, "in the pool");
}

Task<void> borrow(Loop& loop, Pool& pool, std::latch& begun, std::latch& may_end, std::atomic<int>& ran) {
  std::string borrowed(1'000, 'x');
  auto work = [&] {
    begun.count_down();
    may_end.wait();
    ++ran;
    return borrowed.size();
  };
  (void)co_await pool.run(loop, work);
}

TEST(Pool, ADestroyedAwaiterWaitsForBegunWorkAndDropsTheRest) {
  Pool pool(1);
  std::latch begun(1), may_end(1);
  std::atomic<int> ran = 0;
  Thread opener;
  {
    Loop loop;
    loop.spawn(borrow(loop, pool, begun, may_end, ran));
    loop.spawn(borrow(loop, pool, begun, may_end, ran));  // in line behind the first
    loop.post([&] { loop.impl().context.stop(); });
    loop.run();
    begun.wait();
    opener = Thread::start("opener", [&] { may_end.count_down(); });
  }
  EXPECT_EQ(ran, 1);
}

TEST(Pool, FinishesWhatWasHandedToItBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    Pool pool(1);
    for (int i = 0; i < 100; ++i) pool.start([&] { ++ran; });
  }
  EXPECT_EQ(ran, 100);
}

Task<void> many(Loop& loop, Pool& pool, int& sum, int& left) {
  for (int i = 0; i < 200; ++i) {
    auto work = [i] { return i; };
    sum += co_await pool.run(loop, work);
  }
  if (--left == 0) loop.stop();
}

TEST(Pool, ServesManyAwaitersOfTwoLoops) {
  Pool pool(3);
  Loop first, second;
  int sums[2] = {0, 0}, left[2] = {5, 5};
  for (int i = 0; i < 5; ++i) {
    first.spawn(many(first, pool, sums[0], left[0]));
    second.spawn(many(second, pool, sums[1], left[1]));
  }
  Thread other = Thread::start("second", [&] { second.run(); });
  first.run();
  other.join();
  EXPECT_EQ(sums[0], 5 * 199 * 100);
  EXPECT_EQ(sums[1], 5 * 199 * 100);
}

}  // namespace
}  // namespace narrowgate::net
