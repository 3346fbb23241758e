#include "masking/key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace narrowgate::masking {
namespace {

TEST(Key, IsMadeOnceAndKept) {
  const std::string path = testing::TempDir() + "/masking.key";
  std::filesystem::remove(path);
  const Result<Key> first = own_key(path), again = own_key(path);
  ASSERT_TRUE(first.ok() && again.ok());
  EXPECT_EQ(first->expose(), again->expose());
  struct stat seen{};
  ASSERT_EQ(::stat(path.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 0777u, 0600u);
  std::filesystem::remove(path);
  const Result<Key> other = own_key(path);
  ASSERT_TRUE(other.ok());
  EXPECT_NE(first->expose(), other->expose());
}

TEST(Key, IsNotReplacedIfItIsBroken) {
  const std::string path = testing::TempDir() + "/broken.key";
  std::ofstream(path) << "too short";
  EXPECT_EQ(own_key(path).error().code, Code::malformed);
  EXPECT_EQ(own_key(testing::TempDir() + "/no/such/folder/key").error().code, Code::unavailable);
}

}  // namespace
}  // namespace narrowgate::masking
