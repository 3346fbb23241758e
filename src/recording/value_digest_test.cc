#include "recording/value_digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace narrowgate::recording {
namespace {

TEST(ValueDigest, IsHmacSha256CutTo16Bytes) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size < 300; ++size) {
    Digest key;
    for (Byte& b : key) b = Byte(random());
    Bytes value(size);
    for (Byte& b : value) b = Byte(random());
    const auto expected = hmac_sha256(key, value);
    const auto got = ValueDigest(key)(value);
    EXPECT_TRUE(std::equal(got.begin(), got.end(), expected.begin())) << size;
  }
}

}  // namespace
}  // namespace narrowgate::recording
