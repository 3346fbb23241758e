// The recorder: one per process. It owns the data folder's `recording/`, hands a journal writer to each event loop, and seals.
//
//   writer(0) ─┐                      ┌─ segments/<first index>.zst   zstd; every record a leaf
//   writer(1) ─┼─▶ journals ─▶ sealer ┼─ checkpoint                   signed: size and root of the Merkle tree
//   writer(n) ─┘                      └─ log.vkey, log.key            who signs; the key is made on first run, mode 0600
//
// Promises:
//  - What was appended is sealed exactly once, in its journal's order, also across kill -9 and restart.
//  - A journal is deleted only when all of it is in synced segments under a signed checkpoint.
//  - When a disk is full, writers hear it (journal.h), ready() is false, and both heal when there is space again.
//  - One process per folder: the second is told the first one's pid.
// Not here: what a record says (session_log.h), reading (reader.h), keeping old segments elsewhere.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "recording/checkpoint.h"
#include "recording/journal.h"
#include "recording/recovery.h"
#include "recording/redact.h"
#include "recording/value_digest.h"

namespace narrowgate::recording {

struct Options {
  std::string folder;                         // <data_dir>/recording; created with mode 0700
  std::string log_name = "narrowgate.local";  // the checkpoint's origin; part of what is signed
  std::size_t writers = 1;                    // one per event loop
  Durability durability = Durability::process;
  std::size_t journal_bytes = limits::journal_bytes_default;
  std::size_t segment_bytes = limits::segment_bytes_default;
  std::chrono::milliseconds seal_every = limits::seal_every;
  std::size_t seal_records = limits::seal_records;
  // Called on the sealer's thread with each new checkpoint: for witnesses and mirrors. Must not throw.
  std::function<void(std::string_view note)> on_checkpoint;
};

// For /metrics and /readyz.
struct Counters {
  std::uint64_t records_appended = 0, bytes_appended = 0;  // by all writers, this run
  std::uint64_t records_sealed = 0;                        // this run
  std::uint64_t log_size = 0, checkpoint_size = 0;         // records in the log, records under the signature
  std::uint64_t records_waiting = 0;                       // appended, not sealed
  std::uint64_t bytes_waiting = 0;                         // the same in bytes of journal
  std::chrono::nanoseconds sealed_lag{0};                  // since everything appended was last seen sealed; 0 when it is
  std::uint64_t seal_failures = 0;
  bool ready = true;
};

class Recorder {
 public:
  // `clock` outlives the recorder. Recovers what an earlier process left, then starts the sealer.
  static Result<std::unique_ptr<Recorder>> open(Options options, const Clock& clock);
  ~Recorder();  // close()

  // The journal of event loop `index` < options.writers. Only that loop's thread appends. Lives as long as the recorder.
  JournalWriter& writer(std::size_t index);
  const Clock& clock() const;
  const Redactor& redactor() const;
  const ValueDigest& value_digest() const;
  const Verifier& verifier() const;

  // Can new work be recorded? One relaxed load.
  bool ready() const;
  Counters counters() const;
  const Recovery& recovery() const;
  // Why not ready; "" if it is.
  std::string trouble() const;

  // Seals and signs all that is appended now, and waits for it. For tests, shutdown and `sessions export`.
  Result<Done> flush();
  // No append may follow. Seals the rest, removes the journals, releases the folder.
  void close();

 private:
  struct Impl;
  explicit Recorder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace narrowgate::recording
