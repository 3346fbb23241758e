#include <fmt/format.h>

#include "base/json.h"
#include "grant/scope_json.h"
#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

using grant::Budget;
using grant::Grant;
using grant::GrantState;
using grant::Task;
using grant::TaskState;

constexpr std::string_view kTaskColumns =
    "SELECT id, agent, owner, on_behalf_of, template, parent, depth, reason, ticket, declared, scope, created_ms, not_after_ms, "
    "state FROM tasks";
constexpr std::string_view kGrantColumns =
    "SELECT id, task, agent, resource, owner, on_behalf_of, asked, scope, not_before_ms, not_after_ms, idle_timeout_ms, "
    "rows_read_max, rows_written_max, bytes_max, uses_max, policy, epoch, state, time_ms_max FROM grants";
constexpr std::string_view kLiveTask = "state IN ('declared', 'active', 'suspended')";
constexpr std::string_view kLiveGrant = "state IN ('requested', 'pending', 'active', 'suspended')";

std::string scope_text(const grant::Scope& scope) { return canonical(to_json(scope)); }

Result<Task> read_task(const Query& query) {
  Task task;
  task.id = query.text(0);
  task.agent = query.text(1);
  task.owner = query.text(2);
  task.on_behalf_of = query.text(3);
  task.template_name = query.text(4);
  task.parent = query.text(5);
  task.depth = unsigned(query.count(6));
  task.reason = query.text(7);
  task.ticket = query.text(8);
  if (!query.null(9)) {
    NG_TRY(task.declared, grant::scope_from_text(query.text(9)));
  }
  NG_TRY(task.scope, grant::scope_from_text(query.text(10)));
  task.created = query.time(11);
  task.not_after = query.time(12);
  NG_TRY(task.state, grant::task_state_from(query.text(13)));
  return task;
}

Result<Grant> read_grant(const Query& query) {
  Grant out;
  out.id = query.text(0);
  out.task = query.text(1);
  out.agent = query.text(2);
  out.resource = query.text(3);
  out.owner = query.text(4);
  out.on_behalf_of = query.text(5);
  NG_TRY(out.asked, grant::scope_from_text(query.text(6)));
  NG_TRY(out.scope, grant::scope_from_text(query.text(7)));
  out.not_before = query.time(8);
  out.not_after = query.time(9);
  out.idle_timeout = std::chrono::milliseconds(query.integer(10));
  out.budget = {query.maybe_count(11), query.maybe_count(12), query.maybe_count(13), query.maybe_count(14), {}};
  if (!query.null(18)) out.budget.time = std::chrono::milliseconds(query.integer(18));
  out.policy = query.text(15);
  out.epoch = query.count(16);
  NG_TRY(out.state, grant::grant_state_from(query.text(17)));
  return out;
}

Result<Done> moved(Result<std::size_t> changed, std::string_view id, std::string_view from) {
  NG_TRY(const std::size_t rows, std::move(changed));
  if (rows == 0) return Error{Code::conflict, Blame::gateway, fmt::format("{} is not {} any more; read it again", id, from)};
  return Done{};
}

}  // namespace

Result<Done> SqliteGrants::add(const Task& task) {
  return db_.write([&](Connection& c) {
    const auto declared = task.declared ? std::optional(scope_text(*task.declared)) : std::nullopt;
    return c.query("INSERT INTO tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(task.id)
        .bind(task.agent)
        .bind(task.owner)
        .bind(task.on_behalf_of)
        .bind(task.template_name)
        .bind(task.parent)
        .bind(task.depth)
        .bind(task.reason)
        .bind(task.ticket)
        .bind(declared)
        .bind(scope_text(task.scope))
        .bind(task.created)
        .bind(task.not_after)
        .bind(to_string(task.state))
        .run();
  });
}

Result<Done> SqliteGrants::add(const Grant& g) {
  return db_.write([&](Connection& c) {
    return c
        .query(
            "INSERT INTO grants (id, task, agent, resource, owner, on_behalf_of, asked, scope, not_before_ms, not_after_ms, "
            "idle_timeout_ms, rows_read_max, rows_written_max, bytes_max, uses_max, policy, epoch, state, time_ms_max) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(g.id)
        .bind(g.task)
        .bind(g.agent)
        .bind(g.resource)
        .bind(g.owner)
        .bind(g.on_behalf_of)
        .bind(scope_text(g.asked))
        .bind(scope_text(g.scope))
        .bind(g.not_before)
        .bind(g.not_after)
        .bind(std::int64_t(g.idle_timeout.count()))
        .bind(g.budget.rows_read)
        .bind(g.budget.rows_written)
        .bind(g.budget.bytes)
        .bind(g.budget.uses)
        .bind(g.policy)
        .bind(g.epoch)
        .bind(to_string(g.state))
        .bind(g.budget.time ? std::optional(std::int64_t(g.budget.time->count())) : std::nullopt)
        .run();
  });
}

Result<std::optional<Task>> SqliteGrants::find_task(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kTaskColumns) + " WHERE id = ?");
    return first_row<Task>(query.bind(id), read_task);
  });
}

Result<std::optional<Grant>> SqliteGrants::find_grant(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kGrantColumns) + " WHERE id = ?");
    return first_row<Grant>(query.bind(id), read_grant);
  });
}

Result<Done> SqliteGrants::move(std::string_view task, TaskState from, TaskState to) {
  return db_.write([&](Connection& c) {
    return moved(c.query("UPDATE tasks SET state = ? WHERE id = ? AND state = ?")
                     .bind(to_string(to))
                     .bind(task)
                     .bind(to_string(from))
                     .change(),
                 task, to_string(from));
  });
}

Result<Done> SqliteGrants::move(std::string_view grant, GrantState from, GrantState to) {
  return db_.write([&](Connection& c) {
    return moved(c.query("UPDATE grants SET state = ? WHERE id = ? AND state = ?")
                     .bind(to_string(to))
                     .bind(grant)
                     .bind(to_string(from))
                     .change(),
                 grant, to_string(from));
  });
}

Result<Done> SqliteGrants::used(std::string_view grant, const Budget& used) {
  return db_.write([&](Connection& c) {
    return c
        .query(
            "UPDATE grants SET rows_read = max(rows_read, ?), rows_written = max(rows_written, ?), bytes = max(bytes, ?), "
            "uses = max(uses, ?), time_ms = max(time_ms, ?) WHERE id = ?")
        .bind(used.rows_read.value_or(0))
        .bind(used.rows_written.value_or(0))
        .bind(used.bytes.value_or(0))
        .bind(used.uses.value_or(0))
        .bind(std::int64_t(used.time.value_or(std::chrono::milliseconds(0)).count()))
        .bind(grant)
        .run();
  });
}

Result<std::optional<Budget>> SqliteGrants::used(std::string_view grant) {
  return db_.read([&](Connection& c) {
    auto query = c.query("SELECT rows_read, rows_written, bytes, uses, time_ms FROM grants WHERE id = ?");
    return first_row<Budget>(query.bind(grant), [](const Query& q) -> Result<Budget> {
      return Budget{q.count(0), q.count(1), q.count(2), q.count(3), std::chrono::milliseconds(q.integer(4))};
    });
  });
}

Result<std::vector<Task>> SqliteGrants::tasks(const GrantFilter& filter) {
  return db_.read([&](Connection& c) {
    Where where;
    where.equals("id", filter.task).equals("agent", filter.agent);
    if (!filter.resource.empty())
      where.has("EXISTS (SELECT 1 FROM grants WHERE grants.task = tasks.id AND resource = ?)", filter.resource);
    if (filter.live_only) where.is(kLiveTask);
    auto query = c.query(std::string(kTaskColumns) + where.clause() + " ORDER BY id DESC LIMIT ?");
    return all_rows<Task>(where.bind(query).bind(listed(filter.limit)), read_task);
  });
}

Result<std::vector<Grant>> SqliteGrants::grants(const GrantFilter& filter) {
  return db_.read([&](Connection& c) {
    Where where;
    where.equals("task", filter.task).equals("agent", filter.agent).equals("resource", filter.resource);
    if (filter.live_only) where.is(kLiveGrant);
    auto query = c.query(std::string(kGrantColumns) + where.clause() + " ORDER BY id DESC LIMIT ?");
    return all_rows<Grant>(where.bind(query).bind(listed(filter.limit)), read_grant);
  });
}

// The gateway was not there to see how they ended. Those whose time was over have expired; the others lost their connection.
Result<std::size_t> SqliteGrants::end_all_live(WallTime now) {
  return db_.write([&](Connection& c) -> Result<std::size_t> {
    const auto end = [&](std::string_view table, std::string_view live, std::string_view cut_off) {
      auto query = c.query(fmt::format("UPDATE {} SET state = CASE WHEN not_after_ms <= ? THEN 'expired' ELSE '{}' END WHERE {}",
                                       table, cut_off, live));
      return query.bind(now).change();
    };
    NG_TRY(const auto tasks, end("tasks", kLiveTask, "completed"));
    NG_TRY(const auto grants, end("grants", kLiveGrant, "closed"));
    return tasks + grants;
  });
}

}  // namespace narrowgate::store
