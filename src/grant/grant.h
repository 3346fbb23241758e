// Grant: the gateway's time-bounded decision that a task may use a scope on one resource. Issued at connect, never wider than
// the task, never extended.
//
// narrow() is where asking wide gets the intersection and is told so: as words for the client's NOTICE, and as data for the
// record (asked, granted, left out).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "grant/lifecycle.h"
#include "grant/scope.h"
#include "grant/task.h"

namespace narrowgate::grant {

inline constexpr std::chrono::minutes idle_timeout_default{15};
inline constexpr std::size_t notice_bytes_max = 400;  // one NOTICE fits a terminal; narrowgate.scope has all of it

// What may be used up. An absent one does not limit.
struct Budget {
  std::optional<std::uint64_t> rows_read, rows_written, bytes, uses;
  std::optional<std::chrono::milliseconds> time;  // that its operations take, one after the other or not
  friend bool operator==(const Budget&, const Budget&) = default;
};

struct Grant {
  std::string id;  // grt_…
  std::string task, agent, resource;
  std::string on_behalf_of, owner;
  Scope asked;  // before narrowing, on this resource
  Scope scope;  // what may be used
  WallTime not_before, not_after;
  std::chrono::milliseconds idle_timeout = idle_timeout_default;
  Budget budget;
  std::string policy;       // version of the policies it was decided under: "sha256:…"
  std::uint64_t epoch = 0;  // revocation epoch at issue
  GrantState state = GrantState::requested;
  friend bool operator==(const Grant&, const Grant&) = default;
};

// A table of the resource, as its catalog spells it; for counting only.
struct KnownTable {
  std::string schema, name;
};

struct LeftOut {
  Atom asked;
  std::vector<Atom> got;  // the parts of it that were granted; empty: none
  friend bool operator==(const LeftOut&, const LeftOut&) = default;
};
struct Narrowed {
  Scope asked, granted;
  std::vector<LeftOut> left_out;  // what of `asked` is not wholly inside `granted`
  // "granted SELECT on 3 of 9 tables, UPDATE on 1; left out: DELETE on public.refunds". At most notice_bytes_max bytes.
  std::string words;
  bool narrower() const { return !left_out.empty(); }
};
// `granted` is what was decided; the result is what of `asked` is inside it, so it is never wider than either. Without `tables`
// the words list objects instead of counting them.
Narrowed narrow(const Scope& asked, const Scope& granted, std::span<const KnownTable> tables);

// For records: {"asked":[…],"granted":[…],"left_out":[{"asked":…,"got":[…]}]}
json::object to_json(const Narrowed& narrowed);

}  // namespace narrowgate::grant
