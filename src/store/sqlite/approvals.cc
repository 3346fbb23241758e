#include <fmt/format.h>

#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, state, digest, operation, session, grant_id, task, agent, resource, owner, on_behalf_of, quorum, uses_left, "
    "created_ms, "
    "expires_ms, decided_ms, votes, facts, ending, version FROM approvals";
constexpr std::string_view kLive = "state IN ('pending', 'approved')";

Result<ApprovalRow> read_approval(const Query& q) {
  ApprovalRow row;
  row.id = q.text(0);
  row.state = q.text(1);
  row.digest = q.text(2);
  row.operation = q.text(3);
  row.session = q.text(4);
  row.grant = q.text(5);
  row.task = q.text(6);
  row.agent = q.text(7);
  row.resource = q.text(8);
  row.owner = q.text(9);
  row.on_behalf_of = q.text(10);
  row.quorum = unsigned(q.count(11));
  row.uses_left = q.count(12);
  row.created = q.time(13);
  row.expires = q.time(14);
  row.decided = q.maybe_time(15);
  row.votes = q.text(16);
  row.facts = q.text(17);
  row.end = q.text(18);
  row.version = q.count(19);
  return row;
}

Result<std::optional<ApprovalRow>> live_of(Connection& c, std::string_view digest) {
  auto query = c.query(fmt::format("{} WHERE digest = ? AND {}", kColumns, kLive));
  return first_row<ApprovalRow>(query.bind(digest), read_approval);
}

Result<Done> check_room(Connection& c, std::size_t pending_max) {
  auto query = c.query("SELECT count(*) FROM approvals WHERE state = 'pending'");
  NG_TRY_VOID(query.step());
  if (query.count(0) < pending_max) return Done{};
  return Error{Code::refused, Blame::gateway,
               fmt::format("{} operations wait for a person already; decide some", query.count(0))};
}

Result<Done> insert(Connection& c, const ApprovalRow& row) {
  return c.query("INSERT INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(row.id)
      .bind(row.state)
      .bind(row.digest)
      .bind(row.operation)
      .bind(row.session)
      .bind(row.grant)
      .bind(row.task)
      .bind(row.agent)
      .bind(row.resource)
      .bind(row.owner)
      .bind(row.on_behalf_of)
      .bind(row.quorum)
      .bind(row.uses_left)
      .bind(row.created)
      .bind(row.expires)
      .bind(row.decided)
      .bind(row.votes)
      .bind(row.facts)
      .bind(row.end)
      .bind(row.version)
      .run();
}

}  // namespace

Result<Approvals::Added> SqliteApprovals::add(const ApprovalRow& row, std::size_t pending_max) {
  return db_.write([&](Connection& c) -> Result<Added> {
    NG_TRY(auto there, live_of(c, row.digest));
    if (there) return Added{std::move(*there), false};
    NG_TRY_VOID(check_room(c, pending_max));
    NG_TRY_VOID(insert(c, row));
    return Added{row, true};
  });
}

Result<std::optional<ApprovalRow>> SqliteApprovals::find(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + " WHERE id = ?");
    return first_row<ApprovalRow>(query.bind(id), read_approval);
  });
}

Result<std::optional<ApprovalRow>> SqliteApprovals::live(std::string_view digest) {
  return db_.read([&](Connection& c) { return live_of(c, digest); });
}

Result<std::optional<ApprovalRow>> SqliteApprovals::denied(std::string_view operation, WallTime since) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) +
                         " WHERE operation = ? AND state = 'denied' AND decided_ms >= ? ORDER BY decided_ms DESC LIMIT 1");
    return first_row<ApprovalRow>(query.bind(operation).bind(since), read_approval);
  });
}

Result<Done> SqliteApprovals::replace(const ApprovalRow& row) {
  return db_.write([&](Connection& c) -> Result<Done> {
    NG_TRY(const auto changed,
           c.query("UPDATE approvals SET state = ?, uses_left = ?, expires_ms = ?, decided_ms = ?, votes = ?, ending = ?, "
                   "version = version + 1 WHERE id = ? AND version = ?")
               .bind(row.state)
               .bind(row.uses_left)
               .bind(row.expires)
               .bind(row.decided)
               .bind(row.votes)
               .bind(row.end)
               .bind(row.id)
               .bind(row.version)
               .change());
    if (changed == 0) return Error{Code::conflict, Blame::gateway, fmt::format("approval {} has changed; read it again", row.id)};
    return Done{};
  });
}

Result<std::vector<ApprovalRow>> SqliteApprovals::list(const ApprovalFilter& filter) {
  return db_.read([&](Connection& c) {
    Where where;
    where.one_of("state", filter.states)
        .equals("task", filter.task)
        .equals("agent", filter.agent)
        .equals("resource", filter.resource)
        .equals("grant_id", filter.grant)
        .equals("session", filter.session)
        .either("owner", "on_behalf_of", filter.person)
        .at_most("expires_ms", filter.expired_by);
    auto query = c.query(std::string(kColumns) + where.clause() + " ORDER BY id DESC LIMIT ?");
    return all_rows<ApprovalRow>(where.bind(query).bind(listed(filter.limit)), read_approval);
  });
}

}  // namespace narrowgate::store
