#include "recording/segment.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

namespace narrowgate::recording {
namespace {

SegmentHeader sample_header() {
  return {7,
          1'795'348'800'000'000'000,
          "audit.test.example/one",
          {sha256("a"), sha256("b"), sha256("c")},
          {{3, 64}, {9, 4'096}},
          sha256("chain")};
}
Batch sample_batch(std::uint64_t first, int records) {
  Batch batch{first, 3, 64, 128, {}};
  for (int i = 0; i < records; ++i) batch.records.push_back(Bytes(20 + i % 50, Byte('a' + i % 26)));
  return batch;
}

Bytes sample_segment() {
  Digest chain{};
  Bytes out;
  for (const Plain& plain : {Plain(sample_header()), Plain(sample_batch(7, 5)), Plain(sample_batch(12, 30))}) {
    const auto block = seal_block(std::visit([](const auto& p) { return encode_plain(p); }, plain), chain).take();
    out.insert(out.end(), block.begin(), block.end());
  }
  return out;
}

// → how many blocks could be read, and whether the end was reached in order.
std::pair<int, bool> read(ByteView file) {
  SegmentScan scan(file);
  for (int blocks = 0;; ++blocks) {
    auto block = scan.next();
    if (!block.ok()) return {blocks, false};
    if (!*block) return {blocks, true};
  }
}

TEST(Segment, PlainBytesComeBackAsTheyWere) {
  for (const Plain& plain :
       {Plain(sample_header()), Plain(SegmentHeader{}), Plain(sample_batch(0, 1)), Plain(sample_batch(9, 400))}) {
    const auto again = decode_plain(std::visit([](const auto& p) { return encode_plain(p); }, plain));
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, plain);
  }
}

TEST(Segment, NoProperPrefixOfPlainBytesIsAccepted) {
  for (const auto& bytes : {encode_plain(sample_header()), encode_plain(sample_batch(1, 4))})
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_plain(ByteView(bytes).first(size)).ok()) << size;
}

TEST(Segment, ReadsBackItsBlocksInOrder) {
  const auto file = sample_segment();
  SegmentScan scan(file);
  EXPECT_EQ(std::get<SegmentHeader>((*scan.next().take()).plain), sample_header());
  EXPECT_EQ(std::get<Batch>((*scan.next().take()).plain), sample_batch(7, 5));
  EXPECT_EQ(std::get<Batch>((*scan.next().take()).plain), sample_batch(12, 30));
  EXPECT_FALSE(scan.next().take().has_value());
}

TEST(Segment, EndingAnywhereButAfterABlockIsTruncation) {
  const auto file = sample_segment();
  int ends = 0;
  for (std::size_t size = 0; size <= file.size(); ++size) {
    SegmentScan scan(ByteView(file).first(size));
    for (;;) {
      auto block = scan.next();
      if (block.ok() && *block) continue;
      if (block.ok()) ++ends;
      else EXPECT_EQ(block.error().code, Code::truncated) << size;
      break;
    }
  }
  EXPECT_EQ(ends, 4);  // before, between and after three blocks
}

TEST(Segment, EveryFlippedBitOfEveryByteShows) {
  const auto file = sample_segment();
  for (std::size_t at = 0; at < file.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = file;
      changed[at] ^= Byte(1 << bit);
      EXPECT_FALSE(read(changed).second) << at << "." << bit;
    }
}

TEST(Segment, BlocksCannotBeExchangedOrLeftOut) {
  const auto file = sample_segment();
  SegmentScan scan(file);
  const auto a = scan.next().take()->next, b = scan.next().take()->next;
  Bytes swapped(file.begin(), file.begin() + long(a));
  swapped.insert(swapped.end(), file.begin() + long(b), file.end());
  EXPECT_EQ(read(swapped), std::pair(1, false));
  swapped.insert(swapped.end(), file.begin() + long(a), file.begin() + long(b));
  EXPECT_EQ(read(swapped), std::pair(1, false));
}

TEST(Segment, IsAnOrdinaryZstdFile) {
  const auto file = sample_segment();
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> ctx(ZSTD_createDCtx(), ZSTD_freeDCtx);
  ZSTD_inBuffer in{file.data(), file.size(), 0};
  Bytes plain(1 << 20);
  ZSTD_outBuffer out{plain.data(), plain.size(), 0};
  while (in.pos < in.size) ASSERT_FALSE(ZSTD_isError(ZSTD_decompressStream(ctx.get(), &out, &in)));
  Bytes wanted = encode_plain(sample_header());
  for (const auto& batch : {sample_batch(7, 5), sample_batch(12, 30)}) {
    const auto more = encode_plain(batch);
    wanted.insert(wanted.end(), more.begin(), more.end());
  }
  plain.resize(out.pos);
  EXPECT_EQ(plain, wanted);
}

TEST(Segment, ABlockOfMoreThanAMebibyteIsNeverWritten) {
  Digest chain{};
  EXPECT_TRUE(seal_block(Bytes(limits::block_plain_max, 1), chain).ok());
  EXPECT_FALSE(seal_block(Bytes(limits::block_plain_max + 1, 1), chain).ok());
}

TEST(Segment, NamesAndFirstRecordsAreTheSame) {
  EXPECT_EQ(segment_name(42), "00000000000000000042.zst");
  EXPECT_EQ(segment_index("00000000000000000042.zst"), 42u);
  for (const char* name : {"42.zst", "00000000000000000042", "x0000000000000000042.zst", ".zst"})
    EXPECT_FALSE(segment_index(name)) << name;
}

}  // namespace
}  // namespace narrowgate::recording
