#include "recording/crc32c.h"

#include <gtest/gtest.h>

#include <random>

namespace narrowgate::recording {
namespace {

TEST(Crc32c, AgreesWithTheVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8A9136AAu);
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62A8AB43u);
  EXPECT_EQ(crc32c({}), 0u);
}

TEST(Crc32c, IsTheSameByTableAndByInstructionAndInPieces) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (auto& b : bytes) b = Byte(random());
    const auto whole = crc32c(bytes);
    EXPECT_EQ(whole, crc32c_portable(bytes));
    for (std::size_t cut = 0; cut <= size; cut += 7) {
      const ByteView view(bytes);
      EXPECT_EQ(crc32c(view.subspan(cut), crc32c(view.first(cut))), whole);
    }
  }
}

}  // namespace
}  // namespace narrowgate::recording
