// The journal: where a record is before anything is forwarded.
//
//   event loop ── JournalWriter ──▶ [ file: header · frame · frame · … zeros ] ──▶ sealer ──▶ segments (recorder.h)
//
// Each event loop has a writer of its own. Its files are allocated and mapped ahead of need, so an append is a copy into memory
// that the kernel already owns: no system call, no lock, no allocation. A record that was appended survives kill -9.
// Promises:
//  - Frames become visible whole: the record first, then its length and checksum in one store.
//  - No space is an Error, never a signal; posix_fallocate and a write-fault of every page happen before a file is used.
//  - What admits a request is refused while the recorder is not ready; what completes one has room kept for it.
// Not here: surviving power loss within the last second (Durability::process); a file system that cannot promise space it
// allocated (copy-on-write ones); somebody truncating the file under us.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "recording/limits.h"

namespace narrowgate::recording {

enum class Durability : std::uint8_t {
  process,  // survives the process; the disk has it within a second
  disk,     // records marked Need::durable are on disk before append returns
};

// Why a record is written, which decides what happens when space runs out.
enum class Need : std::uint8_t {
  completes,  // tells what became of something: written while there is any room
  admits,     // goes before a forward: refused once the recorder has been stalled for a second
  durable,    // the same, for what must not be lost: refused at once when stalled, and on disk first with Durability::disk
};

// What the recorder tells its writers, by one relaxed load each.
struct Health {
  std::atomic<bool> ready{true};      // false as soon as anything could not be written
  std::atomic<bool> admitting{true};  // false once that has lasted limits::stalled_max
};

// What a journal says of itself: its own id, whose it is, and which of that writer's files in this run.
struct JournalHeader {
  std::uint64_t id = 0;  // random, never 0
  std::uint32_t writer = 0, number = 0;
  std::int64_t created_ns = 0;
};
inline constexpr std::size_t journal_header_bytes = 64;

// One mapped file. Written by one thread up to committed(), read by any thread below it.
class JournalFile {
 public:
  static Result<std::unique_ptr<JournalFile>> create(const std::string& path, const JournalHeader& header, std::size_t bytes);
  ~JournalFile();
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  std::uint64_t id() const { return header_.id; }
  std::uint32_t number() const { return header_.number; }
  const std::string& path() const { return path_; }
  std::size_t size() const { return size_; }
  std::size_t committed() const { return committed_.load(std::memory_order_acquire); }
  ByteView bytes() const { return {map_, size_}; }
  Result<Done> sync(std::size_t from, std::size_t to) const;

 private:
  friend class JournalWriter;
  JournalFile(std::string path, const JournalHeader& header, Byte* map, std::size_t size);
  std::string path_;
  JournalHeader header_;
  Byte* map_;
  std::size_t size_;
  std::atomic<std::size_t> committed_;
};

class JournalWriter {
 public:
  struct Options {
    std::string folder;
    std::uint32_t index = 0;
    std::size_t bytes = limits::journal_bytes_default;
    Durability durability = Durability::process;
  };
  JournalWriter(Options options, const Clock& clock, Health& health);

  // ---- the loop's thread
  // Room for one record of at most `bytes`. Valid until commit() or the next reserve().
  Result<std::span<Byte>> reserve(std::size_t bytes, Need need);
  // The first `used` bytes of it are the record. After this it survives the process.
  Result<Done> commit(std::size_t used, Need need);
  Result<Done> append(ByteView record, Need need);

  // ---- the sealer's thread
  // Makes sure that a next file waits. Error: there is no space for one.
  Result<Done> prepare();
  // The files with something to read, oldest first; only the last is still written to.
  std::vector<std::shared_ptr<JournalFile>> files() const;
  // Forgets and deletes the oldest file, which is sealed and no longer written to.
  void drop_oldest();
  // Deletes every file. Only when all is sealed and nobody appends any more.
  void remove_all();

  std::uint64_t records() const { return records_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  Result<Done> may_admit(Need need) const;
  bool fits(std::size_t frame, Need need) const;
  Result<Done> roll();
  Result<std::shared_ptr<JournalFile>> create_file();

  const Options options_;
  const Clock& clock_;
  Health& health_;
  std::shared_ptr<JournalFile> current_;  // the loop's; also in files_
  std::size_t reserved_ = 0;
  mutable std::mutex lock_;  // guards files_ and spare_; never taken while the current file has room
  std::deque<std::shared_ptr<JournalFile>> files_;
  std::shared_ptr<JournalFile> spare_;
  std::atomic<bool> has_spare_{false};
  std::atomic<std::uint32_t> next_number_{0};
  std::atomic<std::uint64_t> records_{0}, bytes_{0};
};

// ---- reading a journal's bytes, ours or a dead process's
Result<JournalHeader> read_journal_header(ByteView file);
// Bytes a record of this length takes in a journal.
constexpr std::size_t frame_bytes(std::size_t record) { return (8 + record + 7) / 8 * 8; }

struct Frame {
  ByteView record;       // Borrows from the file.
  std::size_t next = 0;  // offset of the frame after it
};
enum class Tail : std::uint8_t {
  clean,    // zeros to the end
  torn,     // a record was being written when its process died: some bytes, and no length and checksum before them
  damaged,  // a frame that was once whole no longer is
};
// Reads frames in order. When next() says nullopt, tail() says how the file ends and offset() where.
class JournalScan {
 public:
  JournalScan(ByteView file, std::size_t from) : file_(file), offset_(from) {}
  std::optional<Frame> next();
  std::size_t offset() const { return offset_; }
  Tail tail() const;

 private:
  ByteView file_;
  std::size_t offset_;
};

}  // namespace narrowgate::recording
