#include "store/sqlite/migrate.h"

#include <fmt/format.h>

#include "base/crypto.h"

namespace narrowgate::store {
namespace {

constexpr std::int64_t kApplicationId = 0x4e475459;  // "NGTY", in the file's header: file(1) and we know it by that

Error refuse(const Connection& connection, Code code, std::string what) {
  return {code, Blame::gateway, fmt::format("store {}: {}", connection.path(), what)};
}

Result<std::int64_t> one_number(Connection& connection, std::string_view sql) {
  auto query = connection.query(sql);
  NG_TRY_VOID(query.step());
  return query.integer(0);
}

Result<Done> claim_file(Connection& connection) {
  NG_TRY(const auto id, one_number(connection, "PRAGMA application_id"));
  NG_TRY(const auto tables, one_number(connection, "SELECT count(*) FROM sqlite_schema"));
  if (id != kApplicationId && (id != 0 || tables != 0))
    return refuse(connection, Code::malformed, "this database is not Narrowgate's; move it away or choose another data_dir");
  return connection.script(
      fmt::format("PRAGMA application_id = {}; CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER PRIMARY KEY, name "
                  "TEXT NOT NULL, "
                  "sha256 TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT;",
                  kApplicationId));
}

// What was done to this file must be what this binary would have done.
Result<int> check_applied(Connection& connection, std::span<const Migration> steps) {
  auto query = connection.query("SELECT version, name, sha256 FROM schema_migrations ORDER BY version");
  int applied = 0;
  for (;;) {
    NG_TRY(const bool row, query.step());
    if (!row) return applied;
    const auto version = query.integer(0);
    if (version != applied + 1)
      return refuse(connection, Code::malformed,
                    fmt::format("step {} is missing from its history; restore it from a backup", applied + 1));
    if (std::size_t(version) > steps.size())
      return refuse(
          connection, Code::unsupported,
          fmt::format(
              "it was written by a newer Narrowgate (step {} \"{}\", this one knows {}); run that one, or restore a backup",
              version, query.text(1), steps.size()));
    if (query.text(2) != sha256_hex(steps[std::size_t(applied)].sql))
      return refuse(
          connection, Code::malformed,
          fmt::format("step {} \"{}\" was not the one this Narrowgate knows; run the one that wrote it", version, query.text(1)));
    applied = int(version);
  }
}

Result<Done> apply(Connection& connection, const Migration& step, WallTime now) {
  NG_TRY_VOID(connection.script(step.sql));
  return connection.query("INSERT INTO schema_migrations VALUES (?, ?, ?, ?)")
      .bind(std::int64_t(step.version))
      .bind(step.name)
      .bind(sha256_hex(step.sql))
      .bind(now)
      .run();
}

Result<Done> in_transaction(Connection& connection, const auto& work) {
  NG_TRY_VOID(connection.script("BEGIN IMMEDIATE"));
  auto answer = work();
  if (answer.ok()) answer = connection.script("COMMIT");
  if (!answer.ok()) (void)connection.script("ROLLBACK");
  return answer;
}

}  // namespace

Result<Done> migrate(Connection& connection, std::span<const Migration> steps, WallTime now) {
  NG_TRY_VOID(in_transaction(connection, [&] { return claim_file(connection); }));
  NG_TRY(const int applied, check_applied(connection, steps));
  for (const Migration& step : steps.subspan(std::size_t(applied)))
    NG_TRY_VOID(in_transaction(connection, [&] { return apply(connection, step, now); }));
  return Done{};
}

}  // namespace narrowgate::store
