#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, task, grant_id, agent, resource, recording, template, peer, opened_ms, closed_ms, ending, permitted, held, "
    "denied, "
    "row_count, byte_count FROM sessions";

Result<SessionRow> read_session(const Query& q) {
  SessionRow row;
  row.id = q.text(0);
  row.task = q.text(1);
  row.grant = q.text(2);
  row.agent = q.text(3);
  row.resource = q.text(4);
  row.recording = q.text(5);
  row.template_name = q.text(6);
  row.peer = q.text(7);
  row.opened = q.time(8);
  row.closed = q.maybe_time(9);
  row.end = q.text(10);
  row.counts = {q.count(11), q.count(12), q.count(13), q.count(14), q.count(15)};
  return row;
}

Query& bind_counts(Query& query, const SessionCounts& counts) {
  return query.bind(counts.permitted).bind(counts.held).bind(counts.denied).bind(counts.rows).bind(counts.bytes);
}

}  // namespace

// A session is in its recording, whatever becomes of its row: these need not wait for the disk.
Result<Done> SqliteSessions::open(const SessionRow& row) {
  return db_.write_soon([&](Connection& c) {
    auto query = c.query("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query.bind(row.id)
        .bind(row.task)
        .bind(row.grant)
        .bind(row.agent)
        .bind(row.resource)
        .bind(row.recording)
        .bind(row.template_name)
        .bind(row.peer)
        .bind(row.opened)
        .bind(row.closed)
        .bind(row.end);
    return bind_counts(query, row.counts).run();
  });
}

Result<Done> SqliteSessions::update(std::string_view id, const SessionCounts& counts) {
  return db_.write_soon([&](Connection& c) {
    auto query = c.query("UPDATE sessions SET permitted = ?, held = ?, denied = ?, row_count = ?, byte_count = ? WHERE id = ?");
    return bind_counts(query, counts).bind(id).run();
  });
}

Result<Done> SqliteSessions::close(std::string_view id, WallTime when, std::string_view end, const SessionCounts& counts) {
  return db_.write_soon([&](Connection& c) {
    auto query = c.query(
        "UPDATE sessions SET permitted = ?, held = ?, denied = ?, row_count = ?, byte_count = ?, closed_ms = ?, ending = ? "
        "WHERE id = ? AND closed_ms IS NULL");
    return bind_counts(query, counts).bind(when).bind(end).bind(id).run();
  });
}

Result<std::optional<SessionRow>> SqliteSessions::find(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + " WHERE id = ?");
    return first_row<SessionRow>(query.bind(id), read_session);
  });
}

Result<std::vector<SessionRow>> SqliteSessions::list(const SessionFilter& filter) {
  return db_.read([&](Connection& c) {
    Where where;
    where.equals("agent", filter.agent)
        .equals("task", filter.task)
        .equals("resource", filter.resource)
        .at_least("opened_ms", filter.since);
    if (filter.open_only) where.is("closed_ms IS NULL");
    auto query = c.query(std::string(kColumns) + where.clause() + " ORDER BY id DESC LIMIT ?");
    return all_rows<SessionRow>(where.bind(query).bind(listed(filter.limit)), read_session);
  });
}

Result<std::size_t> SqliteSessions::close_all_open(WallTime when, std::string_view end) {
  return db_.write([&](Connection& c) {
    return c.query("UPDATE sessions SET closed_ms = ?, ending = ? WHERE closed_ms IS NULL").bind(when).bind(end).change();
  });
}

}  // namespace narrowgate::store
