#include <netinet/in.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::run;
using namespace std::chrono_literals;

Code code_of(const auto& result) { return result.ok() ? Code::bug : result.error().code; }

// Streams as they are accepted; on one loop.
struct Arrivals {
  explicit Arrivals(Loop& loop) : arrived(loop) {}
  Event arrived;
  std::vector<std::unique_ptr<Stream>> streams;
  Listener::Handler handler() {
    return [this](std::unique_ptr<Stream> stream) {
      streams.push_back(std::move(stream));
      arrived.set();
    };
  }
};

Task<void> meet(Loop& loop, Pool& pool, std::string host) {
  Arrivals arrivals(loop);
  auto listener = Listener::listen({host, 0}, {&loop}, arrivals.handler()).take();
  const Address at{host, listener->local().port};
  auto client = co_await connect(loop, pool, at, 10s);
  EXPECT_TRUE(client.ok()) << to_string(client.error());
  (void)co_await arrivals.arrived.wait(10s);
  EXPECT_EQ(arrivals.streams.size(), 1u);
  if (!client.ok() || arrivals.streams.empty()) co_return;
  EXPECT_EQ((*client)->local(), arrivals.streams[0]->peer());
  EXPECT_EQ((*client)->peer(), arrivals.streams[0]->local());
  listener->stop();
  co_await sleep_for(loop, 1ms);
  EXPECT_EQ(code_of(co_await connect(loop, pool, at, 10s)), Code::unavailable);
}

TEST(Listener, IsFoundByAddressAndByNameAndNoMoreAfterStop) {
  Loop loop;
  Pool pool(1);
  run(loop, meet(loop, pool, "127.0.0.1"));
  run(loop, meet(loop, pool, "localhost"));
}

TEST(Listener, SaysThatAnAddressIsTaken) {
  Loop loop;
  const auto nobody = [](std::unique_ptr<Stream>) {};
  const auto first = Listener::listen({"127.0.0.1", 0}, {&loop}, nobody).take();
  const auto second = Listener::listen(first->local(), {&loop}, nobody);
  EXPECT_EQ(code_of(second), Code::conflict);
  EXPECT_NE(second.error().detail.find(first->local().to_string()), std::string::npos);
}

Task<void> connect_many(Loop& loop, Pool& pool, Address to, int count, std::vector<std::unique_ptr<Stream>>& out) {
  for (int i = 0; i < count; ++i) {
    auto stream = co_await connect(loop, pool, to, 10s);
    EXPECT_TRUE(stream.ok());
    if (stream.ok()) out.push_back(std::move(stream).take());
  }
}

TEST(Listener, HandsConnectionsToItsLoopsInTurnOnTheirOwnThreads) {
  Loop client, first, second;
  std::atomic<int> on_first = 0, on_second = 0, misplaced = 0;
  const auto handler = [&](std::unique_ptr<Stream> stream) {
    ++(&stream->loop() == &first ? on_first : on_second);
    misplaced += !stream->loop().on_this_thread();
  };
  Thread one = Thread::start("one", [&] { first.run(); }), two = Thread::start("two", [&] { second.run(); });
  Pool pool(1);
  {
    auto listener = Listener::listen({"127.0.0.1", 0}, {&first, &second}, handler).take();
    std::vector<std::unique_ptr<Stream>> streams;
    run(client, connect_many(client, pool, listener->local(), 10, streams));
    while (on_first + on_second < 10) ::usleep(100);
  }
  first.stop();
  second.stop();
  one.join();
  two.join();
  EXPECT_EQ(on_first, 5);
  EXPECT_EQ(on_second, 5);
  EXPECT_EQ(misplaced, 0);
}

// Lowers the limit of open files to what is open, for as long as it lives.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::dup(0);
    ::close(next);
    rlimit now = before_;
    now.rlim_cur = rlim_t(next);
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

Task<void> run_out(Loop& loop) {
  Arrivals arrivals(loop);
  auto listener = Listener::listen({"127.0.0.1", 0}, {&loop}, arrivals.handler()).take();
  const Descriptor client(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener->local().port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  {
    const NoMoreFiles limit;
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
    EXPECT_EQ(co_await arrivals.arrived.wait(20ms), Wake::timed_out);
  }
  EXPECT_EQ(co_await arrivals.arrived.wait(10s), Wake::fired) << "it must try again by itself";
  EXPECT_EQ(arrivals.streams.size(), 1u);
}

TEST(Listener, OutOfFilesItPausesAndGoesOn) {
#ifdef NG_SANITIZED
  GTEST_SKIP() << "the sanitizers themselves need descriptors";
#endif
  Loop loop;
  run(loop, run_out(loop));
}

Task<void> unreachable(Loop& loop, Pool& pool) {
  const Address nobody{"127.0.0.1", 1}, nowhere{"no-such-host.invalid", 1};
  const auto refused = co_await connect(loop, pool, nobody, 10s);
  EXPECT_EQ(code_of(refused), Code::unavailable);
  EXPECT_NE(refused.error().detail.find("127.0.0.1:1"), std::string::npos);
  const auto unknown = co_await connect(loop, pool, nowhere, 10s);
  EXPECT_TRUE(code_of(unknown) == Code::not_found || code_of(unknown) == Code::unavailable) << to_string(unknown.error());
}

TEST(Connect, SaysWhoCouldNotBeReached) {
  Loop loop;
  Pool pool(1);
  run(loop, unreachable(loop, pool));
}

Task<void> resolver_busy(Loop& loop, Pool& pool) {
  const Address named{"localhost", 1};
  EXPECT_EQ(code_of(co_await connect(loop, pool, named, 2ms)), Code::timed_out);
}

TEST(Connect, ASlowResolverDoesNotHoldTheDeadlineAndMayAnswerLate) {
  std::atomic<bool> release = false;
  {
    Loop loop;
    Pool pool(1);
    pool.start([&] {
      while (!release) ::usleep(100);
    });
    run(loop, resolver_busy(loop, pool));
    release = true;
  }
}

TEST(Connect, ALateAnswerFindsALoopThatIsGone) {
  std::atomic<bool> release = false;
  Pool pool(1);
  pool.start([&] {
    while (!release) ::usleep(100);
  });
  {
    Loop loop;
    run(loop, resolver_busy(loop, pool));
  }
  release = true;
}

}  // namespace
}  // namespace narrowgate::net
