// Collects records of one journal into batches of at most one block, and hands them to the log. What the sealer and recovery
// share.
#pragma once

#include <utility>
#include <vector>

#include "recording/log.h"

namespace narrowgate::recording {

class Batcher {
 public:
  Batcher(Log& log, std::uint64_t journal, std::uint64_t from) : log_(log), journal_(journal), from_(from), to_(from) {}

  Result<Done> add(ByteView record, std::uint64_t next) {
    if (bytes_ + batch_record_bytes + record.size() > limits::block_plain_max) NG_TRY_VOID(flush());
    records_.emplace_back(record.begin(), record.end());
    bytes_ += batch_record_bytes + record.size();
    to_ = next;
    ++count_;
    return Done{};
  }
  Result<Done> flush() {
    if (records_.empty()) return Done{};
    NG_TRY_VOID(log_.append(journal_, from_, to_, std::exchange(records_, {})));
    from_ = to_, bytes_ = batch_head_bytes;
    return Done{};
  }
  std::uint64_t count() const { return count_; }

 private:
  Log& log_;
  std::uint64_t journal_, from_, to_, count_ = 0;
  std::size_t bytes_ = batch_head_bytes;
  std::vector<Bytes> records_;
};

}  // namespace narrowgate::recording
