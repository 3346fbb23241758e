#include "recording/segment.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "recording/codec.h"

namespace narrowgate::recording {
namespace {

constexpr std::uint32_t skippable_magic = 0x184D2A5E, skippable_bytes = 44, block_version = 1;
constexpr std::size_t block_head = 8 + skippable_bytes;
constexpr std::string_view segment_magic = "NGSEG001";
constexpr std::uint8_t plain_header = 1, plain_batch = 2;
constexpr int compression = 3;

Error malformed(std::string what) { return {Code::malformed, Blame::gateway, std::move(what)}; }

Digest chained(const Digest& before, ByteView frame) {
  Bytes input(before.begin(), before.end());
  input.insert(input.end(), frame.begin(), frame.end());
  return sha256(ByteView(input));
}

Digest get_digest(In& in) {
  Digest digest{};
  const ByteView bytes = in.raw(digest.size());
  if (in.ok()) std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

SegmentHeader get_header(In& in) {
  SegmentHeader h;
  if (as_text(in.raw(segment_magic.size())) != segment_magic) in.fail();
  h.first_index = in.u64(), h.created_ns = in.i64(), h.log_name = in.text();
  const auto hashes = in.u32();
  if (hashes > 64) in.fail();
  for (std::uint32_t i = 0; i < hashes && in.ok(); ++i) h.frontier.push_back(get_digest(in));
  const auto positions = in.u32();
  if (positions > limits::live_journals_max) in.fail();
  std::uint64_t before = 0;
  for (std::uint32_t i = 0; i < positions && in.ok(); ++i) {
    const auto id = in.u64();
    if (id <= before) in.fail();  // sorted, and 0 is no journal
    before = id;
    h.positions[id] = in.u64();
  }
  h.chain = get_digest(in);
  return h;
}

Batch get_batch(In& in) {
  Batch b;
  b.first_index = in.u64(), b.journal = in.u64(), b.from = in.u64(), b.to = in.u64();
  const auto count = in.u32();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    const ByteView record = in.raw(in.u32());
    if (record.empty()) in.fail();
    b.records.emplace_back(record.begin(), record.end());
  }
  if (b.records.empty()) in.fail();
  return b;
}

Result<Bytes> decompress(ByteView frame) {
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > limits::block_plain_max)
    return malformed("block: its zstd frame does not say a size of at most 1 MiB");
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size())
    return malformed("block: not exactly one zstd frame");
  Bytes plain(size);
  const auto got = ZSTD_decompress(plain.data(), plain.size(), frame.data(), frame.size());
  if (ZSTD_isError(got)) return malformed(fmt::format("block: zstd: {}", ZSTD_getErrorName(got)));
  if (got != plain.size()) return malformed("block: its zstd frame is shorter than it says");
  return plain;
}

}  // namespace

Bytes encode_plain(const SegmentHeader& h) {
  NG_CHECK(h.positions.size() <= limits::live_journals_max);
  Bytes bytes(128 + h.log_name.size() + 32 * h.frontier.size() + 16 * h.positions.size());
  Out out(bytes);
  out.u8(plain_header), out.raw(as_bytes(segment_magic));
  out.u64(h.first_index), out.i64(h.created_ns), out.text(h.log_name);
  out.u32(std::uint32_t(h.frontier.size()));
  for (const Digest& digest : h.frontier) out.raw(digest);
  out.u32(std::uint32_t(h.positions.size()));
  for (const auto& [id, offset] : h.positions) out.u64(id), out.u64(offset);
  out.raw(h.chain);
  NG_CHECK(out.fits());
  bytes.resize(out.used());
  return bytes;
}

Bytes encode_plain(const Batch& b) {
  std::size_t size = batch_head_bytes;
  for (const Bytes& record : b.records) size += batch_record_bytes + record.size();
  Bytes bytes(size);
  Out out(bytes);
  out.u8(plain_batch), out.u64(b.first_index), out.u64(b.journal), out.u64(b.from), out.u64(b.to);
  out.u32(std::uint32_t(b.records.size()));
  for (const Bytes& record : b.records) out.u32(std::uint32_t(record.size())), out.raw(record);
  NG_CHECK(out.fits() && out.used() == size);
  return bytes;
}

Result<Plain> decode_plain(ByteView plain) {
  In in(plain);
  const auto kind = in.u8();
  std::optional<Plain> out;
  if (kind == plain_header) out = get_header(in);
  if (kind == plain_batch) out = get_batch(in);
  if (!out || !in.finished()) return malformed("block: its plain bytes are neither a segment header nor a batch of records");
  return std::move(*out);
}

Result<Bytes> seal_block(ByteView plain, Digest& chain) {
  if (plain.size() > limits::block_plain_max) return Error{Code::bug, Blame::gateway, "block: more than 1 MiB of plain bytes"};
  // Kept by the thread: making one for each block costs more page faults than compressing it.
  thread_local const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> ctx(ZSTD_createCCtx(), ZSTD_freeCCtx);
  NG_CHECK(ctx != nullptr);
  ZSTD_CCtx_setParameter(ctx.get(), ZSTD_c_compressionLevel, compression);
  ZSTD_CCtx_setParameter(ctx.get(), ZSTD_c_checksumFlag, 1);
  Bytes block(block_head + ZSTD_compressBound(plain.size()));
  const auto size = ZSTD_compress2(ctx.get(), block.data() + block_head, block.size() - block_head, plain.data(), plain.size());
  if (ZSTD_isError(size)) return Error{Code::bug, Blame::gateway, fmt::format("zstd: {}", ZSTD_getErrorName(size))};
  block.resize(block_head + size);
  chain = chained(chain, ByteView(block).subspan(block_head));
  Out out(std::span<Byte>(block).first(block_head));
  out.u32(skippable_magic), out.u32(skippable_bytes), out.u32(block_version), out.u32(std::uint32_t(size));
  out.u32(std::uint32_t(plain.size())), out.raw(chain);
  return block;
}

Result<std::optional<Block>> SegmentScan::next() {
  const auto cut = Error{Code::truncated, Blame::gateway, "block: the file ends within it"};
  if (offset_ == file_.size()) return std::optional<Block>{};
  In in(file_.subspan(offset_));
  if (in.left() < block_head) return cut;
  const bool head = in.u32() == skippable_magic && in.u32() == skippable_bytes && in.u32() == block_version;
  if (!head) return malformed("block: does not start with our skippable frame");
  const auto length = in.u32(), plain_length = in.u32();
  const Digest digest = get_digest(in);
  if (length == 0 || length > ZSTD_compressBound(limits::block_plain_max)) return malformed("block: its length is out of range");
  if (in.left() < length) return cut;
  const ByteView frame = in.raw(length);
  const Digest chain = chained(offset_ == 0 ? Digest{} : chain_, frame);
  if (chain != digest) return malformed("block: its chain digest is wrong");
  NG_TRY(auto plain, decompress(frame));
  if (plain.size() != plain_length) return malformed("block: its plain length is wrong");
  NG_TRY(auto decoded, decode_plain(plain));
  if (std::holds_alternative<SegmentHeader>(decoded) != (offset_ == 0))
    return malformed("block: a segment has one header, first");
  Block block{offset_, offset_ + block_head + length, std::move(decoded)};
  offset_ = block.next;
  chain_ = chain;
  return std::optional<Block>(std::move(block));
}

std::string segment_name(std::uint64_t first_index) { return fmt::format("{:020}.zst", first_index); }

std::optional<std::uint64_t> segment_index(std::string_view name) {
  std::uint64_t index = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
  if (error != std::errc{} || segment_name(index) != name) return std::nullopt;
  return index;
}

}  // namespace narrowgate::recording
