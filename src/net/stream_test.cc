#include "net/stream.h"

#include <unistd.h>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::make_pair;
using test::Pair;
using test::run;
using namespace std::chrono_literals;

std::string text(const Result<std::size_t>& size, std::span<const Byte> buffer) {
  return size.ok() ? std::string(as_text(ByteView(buffer).first(*size))) : to_string(size.error());
}
Code code_of(const auto& result) { return result.ok() ? Code::bug : result.error().code; }

Task<void> echo_until_closed(Stream& stream) {
  std::array<Byte, 1024> buffer;
  for (;;) {
    const auto size = co_await stream.read_some(buffer);
    if (!size.ok()) co_return;
    EXPECT_TRUE((co_await stream.write_all(ByteView(buffer).first(*size))).ok());
  }
}

Task<void> talk_to_echo(Pair& pair) {
  pair.left->loop().spawn(echo_until_closed(*pair.right));
  std::array<Byte, 64> buffer;
  for (const std::string_view word : {"one", "two", "three"}) {
    EXPECT_TRUE((co_await pair.left->write_all(as_bytes(word))).ok());
    const auto size = co_await pair.left->read_some(buffer);
    EXPECT_EQ(text(size, buffer), word);
  }
  pair.left->close();
}

TEST(Stream, CarriesBytesBothWays) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, talk_to_echo(pair));
}

Task<void> half_close(Pair& pair) {
  std::array<Byte, 8> buffer;
  ::shutdown(pair.left_socket->fd(), SHUT_WR);
  const auto end = co_await pair.right->read_some(buffer);
  EXPECT_EQ(code_of(end), Code::closed);
  EXPECT_EQ(end.error().blame, Blame::client);
  EXPECT_TRUE((co_await pair.right->write_all(as_bytes("bye"))).ok()) << "the other direction is still open";
  const auto last = co_await pair.left->read_some(buffer);
  EXPECT_EQ(text(last, buffer), "bye");
}

TEST(Stream, AHalfClosedConnectionCanStillBeWrittenTo) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, half_close(pair));
}

Task<void> write_bytewise(Loop& loop, Stream& stream, std::string words) {
  for (const char& c : words) {
    EXPECT_TRUE((co_await stream.write_all(as_bytes(std::string_view(&c, 1)))).ok());
    co_await sleep_for(loop, Duration::zero());
  }
  stream.close();
}

Task<void> read_fragments(Loop& loop, Pair& pair, std::string& got) {
  loop.spawn(write_bytewise(loop, *pair.left, "one byte at a time"));
  std::array<Byte, 64> buffer;
  for (;;) {
    const auto size = co_await pair.right->read_some(buffer);
    if (!size.ok()) co_return;
    got += text(size, buffer);
  }
}

TEST(Stream, OneByteFragmentsArriveInOrder) {
  Loop loop;
  Pair pair = make_pair(loop);
  std::string got;
  run(loop, read_fragments(loop, pair, got));
  EXPECT_EQ(got, "one byte at a time");
}

Task<void> every_deadline(Pair& pair) {
  std::array<Byte, 8> buffer;
  EXPECT_EQ(code_of(co_await pair.left->read_some(buffer, 1ms)), Code::timed_out);
  EXPECT_EQ(code_of(co_await pair.left->peek(buffer, 1ms)), Code::timed_out);
  EXPECT_EQ(code_of(co_await pair.left->readable(1ms)), Code::timed_out);
  const std::string much(8u << 20, 'x');
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes(much), 1ms)), Code::timed_out);
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes("after"), 1ms)), Code::closed) << "a half-written stream is spoiled";
  EXPECT_EQ(pair.left->try_write(as_bytes("after")), 0u);
  EXPECT_TRUE((co_await pair.right->write_all(as_bytes("still"))).ok());
  const auto size = co_await pair.left->read_some(buffer, 10s);
  EXPECT_EQ(text(size, buffer), "still") << "reading is not affected";
}

TEST(Stream, EveryWaitHasADeadline) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, every_deadline(pair));
}

Task<void> keep_result(Task<Result<std::size_t>> task, std::optional<Code>& out) { out = code_of(co_await task); }
Task<void> keep_done(Task<Result<Done>> task, std::optional<Code>& out) { out = code_of(co_await task); }

struct Waiters {
  std::string much = std::string(8u << 20, 'x');
  std::array<Byte, 8> buffer;
  std::optional<Code> read, written;
};

Task<void> wait_both(Loop& loop, Pair& pair, Waiters& waiters) {
  loop.spawn(keep_result(pair.left->read_some(waiters.buffer), waiters.read));
  loop.spawn(keep_done(pair.left->write_all(as_bytes(waiters.much)), waiters.written));
  co_await sleep_for(loop, 1ms);
  EXPECT_FALSE(waiters.read || waiters.written);
}

Task<void> close_under(Loop& loop, Pair& pair, Waiters& waiters) {
  co_await wait_both(loop, pair, waiters);
  pair.left->close();
  pair.left->close();
  EXPECT_FALSE(waiters.read || waiters.written) << "close() must not run waiters inside its caller";
  EXPECT_FALSE(pair.left->is_open());
  co_await sleep_for(loop, 1ms);
  EXPECT_EQ(code_of(co_await pair.left->read_some(waiters.buffer)), Code::closed);
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes("x"))), Code::closed);
}

TEST(Stream, CloseWakesTheReaderAndTheWriterAndMayBeCalledTwice) {
  Loop loop;
  Pair pair = make_pair(loop);
  Waiters waiters;
  run(loop, close_under(loop, pair, waiters));
  EXPECT_EQ(waiters.read, Code::closed);
  EXPECT_EQ(waiters.written, Code::closed);
}

Task<void> destroy_under(Loop& loop, Pair& pair, Waiters& waiters) {
  co_await wait_both(loop, pair, waiters);
  pair.left_socket.reset();
  pair.left.reset();
}

TEST(Stream, DestroyingItEndsItsWaiters) {
  Loop loop;
  Pair pair = make_pair(loop);
  Waiters waiters;
  run(loop, destroy_under(loop, pair, waiters));
  EXPECT_EQ(waiters.read, Code::closed);
  EXPECT_EQ(waiters.written, Code::closed);
}

Task<void> read_into_own_frame(Stream& stream) {
  std::array<Byte, 4096> buffer;
  (void)co_await stream.read_some(buffer);
}
Task<void> write_from_own_frame(Stream& stream) {
  const std::string much(8u << 20, 'x');
  (void)co_await stream.write_all(as_bytes(much), 1h);
}
Task<void> wait_readable(Stream& stream) { (void)co_await stream.readable(1h); }

// The loop is destroyed around them; the addresses they lent must not be touched afterwards (the sanitizer looks).
TEST(Stream, CoroutinesMayBeDestroyedWhereverTheyWait) {
  for (const int kind : {0, 1, 2}) {
    auto loop = std::make_unique<Loop>();
    Pair pair = make_pair(*loop);
    loop->spawn(kind == 0   ? read_into_own_frame(*pair.left)
                : kind == 1 ? write_from_own_frame(*pair.left)
                            : wait_readable(*pair.left));
    loop->post([&] { loop->impl().context.stop(); });
    loop->run();
    EXPECT_EQ(loop->spawned(), 1u);
    pair.right->try_write(as_bytes("too late"));
    // Streams belong to the loop: they go first, then what waits on them.
    pair = Pair{};
    loop.reset();
  }
}

Task<void> peer_vanishes(Pair& pair) {
  pair.right_socket.reset();
  pair.right.reset();
  std::array<Byte, 8> buffer;
  EXPECT_EQ(code_of(co_await pair.left->write_all(as_bytes("anybody?"))), Code::closed) << "and no SIGPIPE";
  EXPECT_EQ(code_of(co_await pair.left->read_some(buffer)), Code::closed);
}

TEST(Stream, WritingToOneWhoIsGoneIsAnErrorNotASignal) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, peer_vanishes(pair));
}

Task<void> look_first(Pair& pair) {
  std::array<Byte, 8> buffer;
  EXPECT_TRUE((co_await pair.left->write_all(as_bytes("abc"))).ok());
  EXPECT_TRUE((co_await pair.right->readable(10s)).ok());
  const auto peeked = co_await pair.right->peek(std::span(buffer).first(2), 10s);
  EXPECT_EQ(text(peeked, buffer), "ab");
  const auto read = co_await pair.right->read_some(buffer);
  EXPECT_EQ(text(read, buffer), "abc");
  pair.left->close();
  EXPECT_TRUE((co_await pair.right->readable(10s)).ok()) << "an end is something to read";
  EXPECT_EQ(code_of(co_await pair.right->peek(buffer, 10s)), Code::closed);
}

TEST(Stream, PeekAndReadableConsumeNothing) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, look_first(pair));
}

Task<void> last_words(Pair& pair) {
  EXPECT_TRUE((co_await pair.left->write_all(as_bytes("never read"))).ok());
  EXPECT_EQ(pair.right->try_write(as_bytes("you are cut off")), 15u);
  pair.right->close();
  std::array<Byte, 64> buffer;
  const auto size = co_await pair.left->read_some(buffer);
  EXPECT_EQ(text(size, buffer), "you are cut off");
}

TEST(Stream, LastWordsArriveThoughTheClientsBytesWereNeverRead) {
  Loop loop;
  Pair pair = make_pair(loop);
  run(loop, last_words(pair));
}

Task<void> read_while(Stream& stream, const bool& go_on, std::size_t& total) {
  std::array<Byte, 1024> buffer;
  while (go_on) {
    const auto size = co_await stream.read_some(buffer);
    if (!size.ok()) co_return;
    total += *size;
  }
}
Task<void> stop_soon(Loop& loop, bool& go_on) {
  co_await sleep_for(loop, 1ms);
  go_on = false;
}

TEST(Stream, AReaderWhoAlwaysFindsBytesLetsOthersRun) {
  Loop loop;
  Pair pair = make_pair(loop);
  const int full = ::dup(pair.left_socket->fd());
  std::atomic<bool> pumping = true;
  Thread pump = Thread::start("pump", [&] {
    const std::string bytes(64 * 1024, 'x');
    while (pumping) ::send(full, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  });
  bool go_on = true;
  std::size_t total = 0;
  loop.spawn(stop_soon(loop, go_on));
  run(loop, read_while(*pair.right, go_on, total));  // would not end if the sleeper never ran
  pumping = false;
  pump.join();
  ::close(full);
  EXPECT_GT(total, 0u);
}

TEST(StreamDeathTest, TwoReadersAreABug) {
  EXPECT_DEATH(
      {
        Loop loop;
        Pair pair = make_pair(loop);
        loop.spawn(read_into_own_frame(*pair.left));
        loop.spawn(read_into_own_frame(*pair.left));
        loop.run();
      },
      "waiter_");
}

TEST(Address, ParsesWhatItPrints) {
  for (const char* good : {"127.0.0.1:5432", "[::1]:5432", "db.example:1", ":0", "host:65535"}) {
    const auto address = parse_address(good);
    ASSERT_TRUE(address.ok()) << good;
    EXPECT_EQ(address->to_string(), good);
  }
  for (const char* bad : {"", "host", "host:", "host:x", "host:65536", "host:-1", "::1:5432", "host:1 ", "host:+1"}) {
    EXPECT_EQ(code_of(parse_address(bad)), Code::malformed) << bad;
  }
}

TEST(Address, KnowsWhatIsLoopback) {
  for (const char* yes : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) EXPECT_TRUE(is_loopback(yes)) << yes;
  for (const char* no : {"128.0.0.1", "0.0.0.0", "::", "example", "localhost.example", "127.0.0.1.example", ""})
    EXPECT_FALSE(is_loopback(no)) << no;
}

}  // namespace
}  // namespace narrowgate::net
