// Upstream connections between two client connections of one grant: logged in, and as they were when they were new.
//
//   client leaves ─▶ DISCARD ALL ─▶ looked at ─▶ keep() ··· take() ─▶ named anew ─▶ next client of the same grant
//
// Promises: one is taken only on the loop it lives on, by the same grant, to the same database, as the same user, with the same
// startup settings; one that the server closed, or said anything on meanwhile, is never handed out. Not here: whether a
// connection may be kept (put_away.cc).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "protocol/postgres/upstream.h"

namespace narrowgate::postgres {

inline constexpr std::size_t warm_per_grant_max = 32;  // on one loop
// Where settings pass as the client sends them, one that comes back at once meets another process, as it would without us.
inline constexpr std::size_t warm_apart_passing = 8;
inline constexpr std::size_t warm_max = 1'000;  // of all grants: each is a process of the database

class WarmUpstreams {
 public:
  explicit WarmUpstreams(const Clock& clock);

  // The one that waited longest, if at least `apart` of them wait. nullopt: none.
  Task<std::optional<OpenedUpstream>> take(net::Loop& loop, std::string key, std::size_t apart);
  // On the stream's loop. Full: closes it.
  void keep(std::string key, OpenedUpstream opened, const Upstream::Warm& how);
  // Closes those whose time or grant is over, each on its loop. From any thread.
  void look();
  // Closes them all, likewise.
  void clear();
  std::size_t size() const;

 private:
  struct Shelf;
  void drop(bool all);
  std::shared_ptr<Shelf> shelf_;
};

// What two connections must have in common for one to follow the other.
std::string warm_key(const Upstream& upstream, const std::vector<Setting>& settings);
// One statement over a connection that nobody else uses. true: it succeeded, and the connection is idle again.
Task<Result<bool>> ask_alone(net::Stream& stream, std::string_view sql, Duration at_most);

}  // namespace narrowgate::postgres
