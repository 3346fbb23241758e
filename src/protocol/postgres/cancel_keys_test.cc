#include "protocol/postgres/cancel_keys.h"

#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

struct CancelKeysTest : testing::Test {
  net::Loop loop;
  CancelKeys keys;
  int first = 0, second = 0;
  void run() {
    loop.post([this] { loop.stop(); });
    loop.run();
  }
};

TEST_F(CancelKeysTest, ReachTheirOwnSessionOnly) {
  const auto a = keys.add(7, 4, loop, [this] { ++first; });
  const auto b = keys.add(7, 4, loop, [this] { ++second; });
  EXPECT_NE(a.secret, b.secret);
  keys.cancel(7, a.secret);
  keys.cancel(8, a.secret);
  keys.cancel(7, Bytes{0, 0, 0, 0, 0});
  run();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

TEST_F(CancelKeysTest, DieWithTheirSession) {
  const auto a = keys.add(7, 32, loop, [this] { ++first; });
  keys.drop(a);
  keys.cancel(7, a.secret);
  run();
  EXPECT_EQ(first, 0);
}

}  // namespace
}  // namespace narrowgate::postgres
