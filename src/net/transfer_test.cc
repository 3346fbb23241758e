// Much data in both directions at once, in pieces of random sizes: every byte arrives, in order.
#include <random>

#include "net/test_world.h"

namespace narrowgate::net {
namespace {

using test::make_pair;
using test::Pair;
using test::run;
using namespace std::chrono_literals;

constexpr std::size_t total = 100u << 20;
constexpr std::size_t period = 1'000'003;  // a prime, so that no buffer size hides a shift
constexpr std::size_t piece_max = 200'000;

// Byte i of the stream is pattern[i % period], readable in one piece up to piece_max from anywhere.
std::string make_pattern(unsigned seed) {
  std::mt19937 random(seed);
  std::string out(period, '\0');
  for (char& c : out) c = char(random());
  return out + out.substr(0, piece_max);
}

Task<void> send_pattern(Stream& stream, const std::string& pattern, unsigned seed) {
  std::mt19937 random(seed);
  for (std::size_t sent = 0; sent < total;) {
    const std::size_t size = std::min<std::size_t>(1 + random() % (random() % 4 == 0 ? 64 : piece_max), total - sent);
    const auto done = co_await stream.write_all(as_bytes(std::string_view(pattern).substr(sent % period, size)), 60s);
    EXPECT_TRUE(done.ok()) << to_string(done.error());
    if (!done.ok()) co_return;
    sent += size;
  }
}

Task<void> check_pattern(Stream& stream, const std::string& pattern, unsigned seed, std::size_t& got) {
  std::mt19937 random(seed);
  std::vector<Byte> buffer(piece_max);
  while (got < total) {
    const auto size = co_await stream.read_some(std::span(buffer).first(1 + random() % piece_max), 60s);
    EXPECT_TRUE(size.ok()) << to_string(size.error());
    if (!size.ok()) co_return;
    const bool same = as_text(ByteView(buffer).first(*size)) == std::string_view(pattern).substr(got % period, *size);
    EXPECT_TRUE(same) << "somewhere after byte " << got;
    if (!same) co_return;
    got += *size;
  }
}

Task<void> both_ways(Loop& loop, Pair& pair, std::size_t& there, std::size_t& back) {
  const std::string left = make_pattern(1), right = make_pattern(2);
  TaskGroup group(loop);
  group.start(send_pattern(*pair.left, left, 3));
  group.start(send_pattern(*pair.right, right, 4));
  group.start(check_pattern(*pair.right, left, 5, there));
  group.start(check_pattern(*pair.left, right, 6, back));
  co_await group.join();
}

TEST(Transfer, PlainBothWaysAtOnce) {
  Loop loop;
  Pair pair = make_pair(loop);
  std::size_t there = 0, back = 0;
  run(loop, both_ways(loop, pair, there, back));
  EXPECT_EQ(there, total);
  EXPECT_EQ(back, total);
}

Task<void> both_ways_tls(Loop& loop, Pair& pair, std::size_t& there, std::size_t& back) {
  const test::Authority authority;
  const auto server = test::server_tls(authority.server({"db.example"}));
  const auto client = test::client_tls(authority.pem());
  const auto hands = co_await test::shake_hands(pair, *server, *client);
  EXPECT_TRUE(hands.server.ok() && hands.client.ok());
  co_await both_ways(loop, pair, there, back);
}

TEST(Transfer, TlsBothWaysAtOnce) {
  Loop loop;
  Pair pair = make_pair(loop);
  std::size_t there = 0, back = 0;
  run(loop, both_ways_tls(loop, pair, there, back));
  EXPECT_EQ(there, total);
  EXPECT_EQ(back, total);
}

}  // namespace
}  // namespace narrowgate::net
