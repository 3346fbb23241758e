#include "net/loop.h"

#include <stdexcept>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::run;
using namespace std::chrono_literals;

Task<int> ready(int value) { co_return value; }
Task<int> throws() {
  throw std::runtime_error("as thrown");
  co_return 0;
}

Task<void> sum_of_many(long& sum) {
  for (int i = 0; i < 1'000'000; ++i) sum += co_await ready(1);
}

TEST(Task, ReadyTasksCostTheirAwaiterNoStack) {
  Loop loop;
  long sum = 0;
  run(loop, sum_of_many(sum));
  EXPECT_EQ(sum, 1'000'000);
}

Task<int> known(int value) { return value; }

Task<void> sums_what_is_known(int& sum) {
  for (int i = 0; i < 3; ++i) sum += co_await known(i);
}

TEST(Task, AValueThatIsKnownNeedsNoCoroutine) {
  EXPECT_TRUE(known(1).is_known());
  EXPECT_FALSE(ready(1).is_known());
  Loop loop;
  int sum = 0;
  run(loop, sums_what_is_known(sum));
  EXPECT_EQ(sum, 3);
}

TEST(Task, AFrameMayBeFreedByAnotherThreadThanMadeIt) {
  for (int i = 0; i < 200; ++i) {
    std::vector<Task<int>> made;
    for (int n = 0; n < 100; ++n) made.push_back(ready(n));
    Thread::start("frees", [moved = std::make_shared<std::vector<Task<int>>>(std::move(made))]() { moved->clear(); }).join();
  }
}

Task<void> catches(std::string& what) {
  try {
    (void)co_await throws();
  } catch (const std::exception& thrown) {
    what = thrown.what();
  }
}

TEST(Task, AnExceptionArrivesWhereTheTaskIsAwaited) {
  Loop loop;
  std::string what;
  run(loop, catches(what));
  EXPECT_EQ(what, "as thrown");
}

TEST(Loop, WorkPostedByManyThreadsRunsOnTheLoopsThreadInEachOnesOrder) {
  constexpr int threads = 4, each = 2'000;
  Loop loop;
  std::vector<std::vector<int>> got(threads);
  bool elsewhere = false;
  {
    Thread runner = Thread::start("loop", [&] { loop.run(); });
    {
      std::vector<Thread> posters;
      for (int t = 0; t < threads; ++t) {
        posters.push_back(Thread::start("poster", [&, t] {
          for (int i = 0; i < each; ++i)
            loop.post([&, t, i] { got[std::size_t(t)].push_back(i), elsewhere |= !loop.on_this_thread(); });
        }));
      }
    }
    loop.stop();
  }
  for (const auto& numbers : got) {
    ASSERT_EQ(numbers.size(), std::size_t(each));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
  EXPECT_FALSE(elsewhere);
}

Task<void> wait_then(Event& event, bool& done) {
  (void)co_await event.wait(Duration::max());
  done = true;
}

TEST(Loop, RunGoesOnAfterStopUntilSpawnedTasksHaveEnded) {
  Loop loop;
  Event event(loop);
  bool done = false;
  loop.spawn(wait_then(event, done));
  loop.stop();
  loop.post([&] { loop.post([&] { event.set(); }); });
  loop.run();
  EXPECT_TRUE(done);
  EXPECT_EQ(loop.spawned(), 0u);
}

TEST(Loop, CanBeRunAgain) {
  Loop loop;
  for (int i = 0; i < 3; ++i) {
    long sum = 0;
    run(loop, sum_of_many(sum));
    EXPECT_EQ(sum, 1'000'000);
  }
}

struct Counted {
  explicit Counted(int& in) : alive(in) { ++alive; }
  Counted(const Counted&) = delete;
  ~Counted() { --alive; }
  int& alive;
};

Task<void> inner_wait(Event& event, int& alive) {
  const Counted counted(alive);
  (void)co_await event.wait(1h);
}
Task<void> outer_wait(Loop& loop, int& alive) {
  const Counted counted(alive);
  Event event(loop);
  co_await inner_wait(event, alive);
}

TEST(Loop, DestroyingItDestroysTasksThatStillWait) {
  int alive = 0;
  {
    Loop loop;
    for (int i = 0; i < 3; ++i) loop.spawn(outer_wait(loop, alive));
    loop.post([&] { loop.impl().context.stop(); });  // leaves without waiting for them
    loop.run();
    EXPECT_EQ(alive, 6);
  }
  EXPECT_EQ(alive, 0);
}

Task<void> note_thread(Loop& loop, bool& on_loop) {
  on_loop = loop.on_this_thread();
  loop.stop();
  co_return;
}

TEST(Loop, ATaskSpawnedFromElsewhereRunsOnTheLoop) {
  Loop loop;
  bool on_loop = false;
  Thread runner = Thread::start("loop", [&] { loop.run(); });
  loop.spawn(note_thread(loop, on_loop));
  runner.join();
  EXPECT_TRUE(on_loop);
}

// ---- events

Task<void> waits_for(Event& event, Duration at_most, std::vector<Wake>& wakes) { wakes.push_back(co_await event.wait(at_most)); }

Task<void> set_twice_wait_twice(Loop& loop, std::vector<Wake>& wakes) {
  Event event(loop);
  event.set();
  event.set();
  wakes.push_back(co_await event.wait(Duration::max()));
  wakes.push_back(co_await event.wait(1ms));
}

TEST(Event, SetBeforeTheWaitFiresOnceAndDoesNotQueue) {
  Loop loop;
  std::vector<Wake> wakes;
  run(loop, set_twice_wait_twice(loop, wakes));
  EXPECT_EQ(wakes, (std::vector{Wake::fired, Wake::timed_out}));
}

Task<void> set_while_waiting(Loop& loop, std::vector<Wake>& wakes) {
  Event event(loop);
  loop.spawn(waits_for(event, 1h, wakes));
  event.set();
  EXPECT_TRUE(wakes.empty()) << "set() must not run the waiter inside its caller";
  co_await sleep_for(loop, 1ms);
  EXPECT_FALSE(event.is_set());
}

TEST(Event, WakesItsWaiterLaterNotInsideSet) {
  Loop loop;
  std::vector<Wake> wakes;
  run(loop, set_while_waiting(loop, wakes));
  EXPECT_EQ(wakes, std::vector{Wake::fired});
}

Task<void> moving_deadlines(Loop& loop, std::vector<Wake>& wakes) {
  Event event(loop), other(loop);
  loop.spawn(waits_for(event, 1h, wakes));  // far
  event.set();
  co_await sleep_for(loop, 1ms);
  wakes.push_back(co_await event.wait(2ms));  // nearer than the timer is set to
  wakes.push_back(co_await event.wait(4ms));
  wakes.push_back(co_await event.wait(Duration::zero()));
}

TEST(Event, ADeadlineMayMoveBothWays) {
  Loop loop;
  std::vector<Wake> wakes;
  run(loop, moving_deadlines(loop, wakes));
  EXPECT_EQ(wakes, (std::vector{Wake::fired, Wake::timed_out, Wake::timed_out, Wake::timed_out}));
}

Task<void> destroy_waiter(Loop& loop) {
  Event event(loop);
  {
    const auto abandoned = [](Event& on) -> Task<void> { (void)co_await on.wait(1ms); };
    struct Ignore {
      struct promise_type {
        Ignore get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() { std::terminate(); }
      };
      std::coroutine_handle<promise_type> self;
    };
    const auto drive = [](Task<void> task) -> Ignore { co_await task; };
    drive(abandoned(event)).self.destroy();
  }
  event.set();
  co_await sleep_for(loop, 5ms);
  EXPECT_TRUE(event.is_set()) << "nobody was there to take it";
}

TEST(Event, AWaiterMayBeDestroyedWhileItWaits) {
  Loop loop;
  run(loop, destroy_waiter(loop));
}

// ---- groups

Task<void> sleeper(Loop& loop, Duration time, int& ended) {
  co_await sleep_for(loop, time);
  ++ended;
}

Task<void> join_group(Loop& loop, int& ended) {
  TaskGroup group(loop);
  co_await group.join();
  for (int i = 0; i < 5; ++i) group.start(sleeper(loop, i * 1ms, ended));
  EXPECT_EQ(group.running(), 5u);
  co_await group.join();
  EXPECT_EQ(ended, 5);
  group.start(sleeper(loop, 1ms, ended));
  co_await group.join();
}

TEST(TaskGroup, JoinWaitsForAllAndTheGroupCanGoOn) {
  Loop loop;
  int ended = 0;
  run(loop, join_group(loop, ended));
  EXPECT_EQ(ended, 6);
}

TEST(TaskGroupDeathTest, DestroyingARunningGroupIsABug) {
  EXPECT_DEATH(
      {
        Loop loop;
        int ended = 0;
        TaskGroup group(loop);
        group.start(sleeper(loop, 1h, ended));
      },
      "running_ == 0");
}

}  // namespace
}  // namespace narrowgate::net
