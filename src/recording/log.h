// The log as its one writer sees it: the newest segment, the tree over all records, and the checkpoint that signs it.
//
// Promises: append() … commit() is all or nothing: after a failure the file is cut back to what was committed. What is signed is
// synced before. open() cuts an unsigned torn end, and refuses a log that is shorter than, or different from, what was signed.
// Not here: where records come from (recorder.h), reading old segments (reader.h). One thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "recording/checkpoint.h"
#include "recording/file.h"
#include "recording/merkle.h"
#include "recording/segment.h"

namespace narrowgate::recording {

class Log {
 public:
  // `signer` and `clock` outlive the log.
  static Result<std::unique_ptr<Log>> open(std::string folder, const Signer& signer, std::size_t segment_bytes,
                                           const Clock& clock);

  // Writes one block (into a new segment, if this one is long enough): `records` stood in `journal` from offset `from` up to
  // `to`. At most limits::block_plain_max of plain bytes.
  Result<Done> append(std::uint64_t journal, std::uint64_t from, std::uint64_t to, std::vector<Bytes> records);
  // Syncs what was appended and makes it the log's.
  Result<Done> commit();
  // Back to the last commit.
  void rollback();
  // Signs what is committed and replaces the checkpoint. → the note.
  Result<std::string> sign();

  std::uint64_t size() const { return committed_.tree.size(); }
  std::uint64_t signed_size() const { return signed_size_; }
  std::uint64_t cut_bytes() const { return cut_bytes_; }  // of torn blocks, at open
  // How far that journal is sealed (and committed).
  std::uint64_t position(std::uint64_t journal) const;
  // Once that journal's file is gone for good.
  void forget(std::uint64_t journal);
  void forget_all();

 private:
  struct State {
    MerkleTree tree;
    Digest chain{};
    std::uint64_t offset = 0;
    Positions positions;
  };
  Log(std::string folder, const Signer& signer, std::size_t segment_bytes, const Clock& clock);
  Result<Done> start_segment();
  Result<Done> load();
  Result<Done> load_segment(const std::string& name, std::uint64_t index, const Checkpoint& signed_as);
  Result<Done> take_block(const Block& block, std::uint64_t index, const Checkpoint& signed_as);
  Result<Done> cut(const std::string& path, std::uint64_t at, std::uint64_t size);

  const std::string folder_;
  const Signer& signer_;
  const std::size_t segment_bytes_;
  const Clock& clock_;
  std::string path_;  // of the newest segment
  std::uint64_t segment_first_ = 0;
  File file_;
  State committed_, working_;
  std::uint64_t signed_size_ = 0, cut_bytes_ = 0;
};

}  // namespace narrowgate::recording
