#include <fmt/format.h>

#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

using grant::Selector;
using grant::Target;

Result<RevocationRow> read_revocation(const Query& q) {
  NG_TRY(const Target target, grant::target_from(q.text(1)));
  return RevocationRow{q.count(0), {target, q.text(2)}, q.text(3), q.text(4), q.time(5)};
}

// Which tasks and grants a revocation ends, as a condition on their columns. A session has neither; its grant lives on.
std::optional<std::string_view> grants_hit(Target target) {
  switch (target) {
    case Target::agent: return "agent = ?1";
    case Target::task: return "task = ?1";
    case Target::grant: return "id = ?1";
    case Target::resource: return "resource = ?1";
    case Target::person: return "(owner = ?1 OR on_behalf_of = ?1)";
    case Target::all: return "?1 IS NOT NULL";
    case Target::session: return std::nullopt;
  }
  return "?1 IS NOT NULL";
}

std::optional<std::string_view> tasks_hit(Target target) {
  switch (target) {
    case Target::agent: return "agent = ?1";
    case Target::task: return "id = ?1";
    case Target::person: return "(owner = ?1 OR on_behalf_of = ?1)";
    case Target::all: return "?1 IS NOT NULL";
    case Target::grant:
    case Target::resource:
    case Target::session: return std::nullopt;
  }
  return "?1 IS NOT NULL";
}

Result<Done> end_live(Connection& c, const Selector& selector) {
  if (const auto hit = tasks_hit(selector.target))
    NG_TRY_VOID(
        c.query(fmt::format("UPDATE tasks SET state = 'revoked' WHERE state IN ('declared', 'active', 'suspended') AND {}", *hit))
            .bind(selector.name)
            .run());
  if (const auto hit = grants_hit(selector.target))
    NG_TRY_VOID(
        c.query(fmt::format(
                    "UPDATE grants SET state = 'revoked' WHERE state IN ('requested', 'pending', 'active', 'suspended') AND {}",
                    *hit))
            .bind(selector.name)
            .run());
  return Done{};
}

Result<std::uint64_t> latest(Connection& c) {
  auto query = c.query("SELECT coalesce(max(epoch), 0) FROM revocations");
  NG_TRY_VOID(query.step());
  return query.count(0);
}

}  // namespace

Result<std::uint64_t> SqliteRevocations::epoch() {
  return db_.read([](Connection& c) { return latest(c); });
}

Result<std::uint64_t> SqliteRevocations::add(const RevocationRow& row) {
  return db_.write([&](Connection& c) -> Result<std::uint64_t> {
    NG_TRY(const std::uint64_t before, latest(c));
    NG_TRY_VOID(c.query("INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?)")
                    .bind(before + 1)
                    .bind(to_string(row.selector.target))
                    .bind(row.selector.name)
                    .bind(row.by)
                    .bind(row.reason)
                    .bind(row.at)
                    .run());
    NG_TRY_VOID(end_live(c, row.selector));
    return before + 1;
  });
}

Result<std::vector<RevocationRow>> SqliteRevocations::list(std::size_t limit) {
  return db_.read([&](Connection& c) {
    auto query = c.query("SELECT epoch, target, name, revoked_by, reason, at_ms FROM revocations ORDER BY epoch DESC LIMIT ?");
    return all_rows<RevocationRow>(query.bind(listed(limit)), read_revocation);
  });
}

}  // namespace narrowgate::store
