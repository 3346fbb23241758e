// Revocations: a rising epoch and what was taken back at each. Read at start-up, before anything listens.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "grant/revocation.h"

namespace narrowgate::store {

struct RevocationRow {
  std::uint64_t epoch = 0;
  grant::Selector selector;
  std::string by, reason;
  WallTime at;
  friend bool operator==(const RevocationRow&, const RevocationRow&) = default;
};

class Revocations {
 public:
  virtual ~Revocations() = default;
  virtual Result<std::uint64_t> epoch() = 0;  // 0: nothing was ever revoked
  // Takes the next epoch, and in the same transaction marks the matching live tasks and grants as revoked (approvals have an
  // owner of their own: approval::Approvals::revoke). `row.epoch` is ignored. Returns the epoch.
  virtual Result<std::uint64_t> add(const RevocationRow& row) = 0;
  virtual Result<std::vector<RevocationRow>> list(std::size_t limit) = 0;  // newest first
};

}  // namespace narrowgate::store
