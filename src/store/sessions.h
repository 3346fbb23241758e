// An index of sessions, for listing. The recording is the truth; this can be rebuilt from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

struct SessionCounts {
  std::uint64_t permitted = 0, held = 0, denied = 0, rows = 0, bytes = 0;
  friend bool operator==(const SessionCounts&, const SessionCounts&) = default;
};
struct SessionRow {
  std::string id;  // ses_…
  std::string task, grant, agent, resource, recording;
  std::string template_name, peer;
  WallTime opened;
  std::optional<WallTime> closed;
  std::string end;  // how it ended: "client left", "revoked"
  SessionCounts counts;
  friend bool operator==(const SessionRow&, const SessionRow&) = default;
};

struct SessionFilter {
  std::string agent, task, resource;  // empty: any
  std::optional<WallTime> since;      // opened at or after
  bool open_only = false;
  std::size_t limit = 100;
};

class Sessions {
 public:
  virtual ~Sessions() = default;
  virtual Result<Done> open(const SessionRow& row) = 0;
  virtual Result<Done> update(std::string_view id, const SessionCounts& counts) = 0;
  virtual Result<Done> close(std::string_view id, WallTime when, std::string_view end, const SessionCounts& counts) = 0;
  virtual Result<std::optional<SessionRow>> find(std::string_view id) = 0;
  virtual Result<std::vector<SessionRow>> list(const SessionFilter& filter) = 0;  // newest first
  // After a restart: those still open were cut off. How many.
  virtual Result<std::size_t> close_all_open(WallTime when, std::string_view end) = 0;
};

}  // namespace narrowgate::store
