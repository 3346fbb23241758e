#include "base/secret.h"

#include <gtest/gtest.h>

#include <sstream>

namespace narrowgate {
namespace {

TEST(Secret, DoesNotPrint) {
  std::ostringstream out;
  out << SecretString("hunter2");
  EXPECT_EQ(out.str(), "<secret>");
}

TEST(Secret, IsEmptyAfterItMoved) {
  SecretString from("hunter2");
  const SecretString to = std::move(from);
  EXPECT_EQ(to.expose(), "hunter2");
  EXPECT_TRUE(from.empty());
}

TEST(Secret, ComparesByContentAndLength) {
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  EXPECT_FALSE(equal_secrets("abc", "abd"));
  EXPECT_FALSE(equal_secrets("abc", "abcd"));
}

}  // namespace
}  // namespace narrowgate
