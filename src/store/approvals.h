// Approvals as rows: state and counters in columns, so that SQL can guard them; the facts as a document that approval/ owns.
//
// Every change is a compare-and-swap on `version`: of two who read the same row, one writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

struct ApprovalRow {
  std::string id;         // apr_…
  std::string state;      // approval::State
  std::string digest;     // what exactly may run
  std::string operation;  // the same without session and grant: what a denial is remembered by
  std::string session, grant, task, agent, resource;
  std::string owner, on_behalf_of;
  unsigned quorum = 1;
  std::uint64_t uses_left = 0;
  WallTime created, expires;
  std::optional<WallTime> decided;
  std::string votes;  // JSON
  std::string facts;  // JSON; never changes
  std::string end;    // JSON: how it ended
  std::uint64_t version = 1;
  friend bool operator==(const ApprovalRow&, const ApprovalRow&) = default;
};

struct ApprovalFilter {
  std::vector<std::string> states;                            // empty: any
  std::string task, agent, resource, grant, session, person;  // empty: any; person: owner or on behalf of
  std::optional<WallTime> expired_by;                         // only those with expires <= this
  std::size_t limit = 100;
};

class Approvals {
 public:
  virtual ~Approvals() = default;
  struct Added {
    ApprovalRow row;
    bool fresh = true;  // false: `row` is the live one that was there already
  };
  // In one transaction: finds a pending or approved row of the same digest, or inserts unless `pending_max` are pending
  // (Code::refused).
  virtual Result<Added> add(const ApprovalRow& row, std::size_t pending_max) = 0;
  virtual Result<std::optional<ApprovalRow>> find(std::string_view id) = 0;
  // The pending or approved row of this digest.
  virtual Result<std::optional<ApprovalRow>> live(std::string_view digest) = 0;
  // The latest denied row of this operation that was decided at or after `since`.
  virtual Result<std::optional<ApprovalRow>> denied(std::string_view operation, WallTime since) = 0;
  // Writes state, uses_left, votes, decided, expires and end, and adds one to version. Code::conflict unless the stored version
  // is `row.version`.
  virtual Result<Done> replace(const ApprovalRow& row) = 0;
  virtual Result<std::vector<ApprovalRow>> list(const ApprovalFilter& filter) = 0;  // newest first
};

}  // namespace narrowgate::store
