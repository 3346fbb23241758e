#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

Result<Suspension> read_suspension(const Query& query) {
  return Suspension{query.text(0), query.text(1), query.text(2), query.time(3)};
}

}  // namespace

Result<Done> SqliteAgents::suspend(const Suspension& suspension) {
  return db_.write([&](Connection& c) {
    return c.query("INSERT INTO agent_suspensions VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(suspension.agent)
        .bind(suspension.by)
        .bind(suspension.reason)
        .bind(suspension.since)
        .run();
  });
}

Result<bool> SqliteAgents::restore(std::string_view agent) {
  return db_.write([&](Connection& c) -> Result<bool> {
    NG_TRY(const auto changed, c.query("DELETE FROM agent_suspensions WHERE agent = ?").bind(agent).change());
    return changed > 0;
  });
}

Result<std::optional<Suspension>> SqliteAgents::suspension(std::string_view agent) {
  return db_.read([&](Connection& c) {
    auto query = c.query("SELECT agent, suspended_by, reason, since_ms FROM agent_suspensions WHERE agent = ?");
    return first_row<Suspension>(query.bind(agent), read_suspension);
  });
}

Result<std::vector<Suspension>> SqliteAgents::suspended() {
  return db_.read([&](Connection& c) {
    auto query = c.query("SELECT agent, suspended_by, reason, since_ms FROM agent_suspensions ORDER BY agent");
    return all_rows<Suspension>(query, read_suspension);
  });
}

}  // namespace narrowgate::store
