#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace narrowgate {
namespace {

Result<int> half(int n) {
  if (n % 2) return Error{Code::malformed, Blame::client, "odd"};
  return n / 2;
}
Result<int> quarter(int n) {
  NG_TRY(const int h, half(n));
  return half(h);
}
Result<Done> even(int n) {
  NG_TRY_VOID(half(n));
  return Done{};
}

TEST(Result, TryHandsTheValueOn) { EXPECT_EQ(*quarter(8), 2); }

TEST(Result, TryHandsTheErrorOnWithItsBlame) {
  const auto r = quarter(6);
  ASSERT_FALSE(r.ok());
  EXPECT_EQ(r.error().code, Code::malformed);
  EXPECT_EQ(to_string(r.error()), "malformed (client): odd");
  EXPECT_FALSE(even(3).ok());
  EXPECT_TRUE(even(4).ok());
}

TEST(Result, CarriesAMoveOnlyValue) {
  Result<std::unique_ptr<int>> r(std::make_unique<int>(7));
  EXPECT_EQ(*std::move(r).take(), 7);
}

TEST(ResultDeathTest, ReadingTheWrongSideIsABug) { EXPECT_DEATH((void)half(3).value(), "bug: ok"); }

}  // namespace
}  // namespace narrowgate
