#include "base/ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace narrowgate {
namespace {

TEST(Ring, IsAQueueWhateverTheOrderOfPushesAndPops) {
  std::mt19937 random(7);
  Ring<std::shared_ptr<int>> ring;
  std::deque<int> expected;
  for (int i = 0; i < 20'000; ++i) {
    const bool push = expected.empty() || random() % 1'000 < (i / 5'000 % 2 == 0 ? 600u : 400u);
    if (push) {
      ring.push(std::make_shared<int>(i));
      expected.push_back(i);
    } else {
      EXPECT_EQ(*ring.pop(), expected.front());
      expected.pop_front();
    }
    ASSERT_EQ(ring.size(), expected.size());
    ASSERT_EQ(ring.empty(), expected.empty());
    if (!expected.empty()) EXPECT_EQ(*ring.front(), expected.front());
    if (!expected.empty()) EXPECT_EQ(*ring[ring.size() - 1], expected.back());
  }
}

TEST(Ring, KeepsNothingOfWhatItGaveAway) {
  Ring<std::shared_ptr<int>> ring;
  const auto value = std::make_shared<int>(1);
  ring.push(value);
  (void)ring.pop();
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace narrowgate
