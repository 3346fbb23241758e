// A segment: many sealed records in one file that `zstd -d` reads.
//
//   file  = block, block, …
//   block = zstd skippable frame: version, lengths, chain digest                       (52 bytes)
//           zstd frame: one chunk of plain bytes, at most 1 MiB    chain = SHA-256(chain before ‖ this frame)
//   plain = segment header (first block) | batch: where its records come from, then the records
//
// Promises: every byte of the file is under a chain digest or is one; a block is there whole or the file ends before it.
// Not here: the Merkle tree (log.h) and what the records say (record.h). Grammar: FORMAT.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/result.h"
#include "recording/limits.h"

namespace narrowgate::recording {

// How far each journal that may still exist is sealed: journal id → offset.
using Positions = std::map<std::uint64_t, std::uint64_t>;

struct SegmentHeader {
  std::uint64_t first_index = 0;
  std::int64_t created_ns = 0;
  std::string log_name;
  std::vector<Digest> frontier;  // of the tree with first_index records
  Positions positions;
  Digest chain{};  // the last chain digest of the segment before, zeros in the first
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

// A run of records from one journal; journal 0 is the recorder itself.
struct Batch {
  std::uint64_t first_index = 0;
  std::uint64_t journal = 0, from = 0, to = 0;
  std::vector<Bytes> records;
  friend bool operator==(const Batch&, const Batch&) = default;
};

using Plain = std::variant<SegmentHeader, Batch>;

Bytes encode_plain(const SegmentHeader& header);
Bytes encode_plain(const Batch& batch);
Result<Plain> decode_plain(ByteView plain);
// What a batch takes beyond its records, and what each record takes beyond its bytes.
inline constexpr std::size_t batch_head_bytes = 37, batch_record_bytes = 4;

// One block, both frames. Advances `chain`.
Result<Bytes> seal_block(ByteView plain, Digest& chain);

struct Block {
  std::uint64_t offset = 0, next = 0;
  Plain plain;
};

// Reads a segment's blocks in order, checking each. A segment starts a chain of its own; its header names the last digest of the
// segment before, so that segments cannot be exchanged.
class SegmentScan {
 public:
  explicit SegmentScan(ByteView file) : file_(file) {}
  // nullopt at the end. Code::truncated if the file ends within a block. After an Error: offset() is where it began.
  Result<std::optional<Block>> next();
  std::uint64_t offset() const { return offset_; }
  const Digest& chain() const { return chain_; }

 private:
  ByteView file_;
  std::uint64_t offset_ = 0;
  Digest chain_{};
};

std::string segment_name(std::uint64_t first_index);  // "00000000000000000000.zst"
std::optional<std::uint64_t> segment_index(std::string_view name);

}  // namespace narrowgate::recording
