#include <fmt/format.h>

#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, outcome, code, session, grant_id, task, agent, resource, approval, asked_why, facts, at_ms FROM decisions";

Result<DecisionRow> read_decision(const Query& q) {
  return DecisionRow{q.text(0), q.text(1), q.text(2), q.text(3), q.text(4),  q.text(5),
                     q.text(6), q.text(7), q.text(8), q.text(9), q.text(10), q.time(11)};
}

}  // namespace

Result<Done> SqliteDecisions::add(const DecisionRow& row) {
  if (row.facts.size() > decision_facts_bytes_max)
    return Error{Code::too_large, Blame::gateway,
                 fmt::format("decision {} has facts of {} bytes; at most {} are kept", row.id, row.facts.size(),
                             decision_facts_bytes_max)};
  return db_.write([&](Connection& c) {
    return c.query("INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(row.id)
        .bind(row.outcome)
        .bind(row.code)
        .bind(row.session)
        .bind(row.grant)
        .bind(row.task)
        .bind(row.agent)
        .bind(row.resource)
        .bind(row.approval)
        .bind(row.asked_why)
        .bind(row.facts)
        .bind(row.at)
        .run();
  });
}

Result<std::optional<DecisionRow>> SqliteDecisions::find(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + " WHERE id = ?");
    return first_row<DecisionRow>(query.bind(id), read_decision);
  });
}

Result<Done> SqliteDecisions::ask(std::string_view id, std::string_view task, std::string_view why) {
  return db_.write([&](Connection& c) -> Result<Done> {
    NG_TRY(const auto changed, c.query("UPDATE decisions SET asked_why = ? WHERE id = ? AND task = ? AND asked_why = ''")
                                   .bind(why)
                                   .bind(id)
                                   .bind(task)
                                   .change());
    if (changed > 0) return Done{};
    auto query = c.query("SELECT 1 FROM decisions WHERE id = ? AND task = ?");
    NG_TRY(const bool there, query.bind(id).bind(task).step());
    if (there)
      return Error{Code::conflict, Blame::client, fmt::format("decision {} was asked about before; wait for an answer", id)};
    return Error{Code::not_found, Blame::client,
                 fmt::format("this task has no decision {}; name one from a refusal's DETAIL", id)};
  });
}

Result<std::vector<DecisionRow>> SqliteDecisions::list(const DecisionFilter& filter) {
  return db_.read([&](Connection& c) {
    Where where;
    where.equals("task", filter.task)
        .equals("agent", filter.agent)
        .equals("session", filter.session)
        .equals("outcome", filter.outcome);
    if (filter.asked_only) where.is("asked_why <> ''");
    auto query = c.query(std::string(kColumns) + where.clause() + " ORDER BY id DESC LIMIT ?");
    return all_rows<DecisionRow>(where.bind(query).bind(listed(filter.limit)), read_decision);
  });
}

Result<std::size_t> SqliteDecisions::forget(WallTime before) {
  return db_.write([&](Connection& c) { return c.query("DELETE FROM decisions WHERE at_ms < ?").bind(before).change(); });
}

}  // namespace narrowgate::store
