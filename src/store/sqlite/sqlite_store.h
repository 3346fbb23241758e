// SqliteStore: the store in one file, narrowgate.db in the data folder, for a gateway of one node.
//
// WAL, STRICT tables, foreign keys. One connection writes, under a mutex; another reads. Numbered migrations travel in the binary
// and are recorded with their digests: an older file is brought up to date in one transaction per step, a newer or foreign one
// is refused.
#pragma once

#include <memory>
#include <string>

#include "store/store.h"

namespace narrowgate::store {

enum class Sync : std::uint8_t {
  process,  // survives kill -9
  disk,     // survives a power cut: one fsync per write
};

struct SqliteOptions {
  Sync sync = Sync::disk;
  std::uint64_t size_bytes_max = 0;  // 0: as large as the disk; above it writes fail as on a full disk
};

// Opens, creating folder and file where they are not. The caller holds the folder's lock (folder_lock.h).
Result<std::unique_ptr<Store>> open_sqlite(const std::string& folder, const SqliteOptions& options = {});

}  // namespace narrowgate::store
