#include <fmt/format.h>

#include "base/crypto.h"
#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

constexpr std::size_t kSeedBytes = 32;
constexpr std::string_view kColumns =
    "SELECT id, agent, sha256, scram_salt, scram_iterations, scram_stored_key, scram_server_key, created_ms, expires_ms, "
    "revoked_ms "
    "FROM agent_keys ";

// The schema checks the length; a row that was edited by hand may still be wrong.
Result<Digest> digest_at(const Query& query, int column) {
  const Bytes bytes = query.bytes(column);
  Digest out{};
  if (bytes.size() != out.size())
    return Error{Code::malformed, Blame::gateway,
                 fmt::format("store: a digest of {} bytes; restore the file from a backup", bytes.size())};
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

Result<identity::KeyRecord> read_key(const Query& query) {
  identity::KeyRecord key;
  key.id = query.text(0);
  key.agent = query.text(1);
  NG_TRY(key.sha256, digest_at(query, 2));
  key.scram.salt = query.bytes(3);
  key.scram.iterations = unsigned(query.integer(4));
  NG_TRY(key.scram.stored_key, digest_at(query, 5));
  NG_TRY(key.scram.server_key, digest_at(query, 6));
  key.created = query.time(7);
  key.expires = query.maybe_time(8);
  key.revoked = query.maybe_time(9);
  return key;
}

}  // namespace

Result<Bytes> SqliteKeys::salt_seed() {
  return db_.write([](Connection& c) -> Result<Bytes> {
    Bytes fresh(kSeedBytes);
    random_bytes(fresh);
    NG_TRY_VOID(c.query("INSERT INTO settings VALUES ('salt_seed', ?) ON CONFLICT DO NOTHING").bind(ByteView(fresh)).run());
    auto query = c.query("SELECT value FROM settings WHERE name = 'salt_seed'");
    NG_TRY_VOID(query.step());
    return query.bytes(0);
  });
}

Result<Done> SqliteKeys::add(const identity::KeyRecord& key) {
  return db_.write([&](Connection& c) {
    return c.query("INSERT INTO agent_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .bind(key.id)
        .bind(key.agent)
        .bind(ByteView(key.sha256))
        .bind(ByteView(key.scram.salt))
        .bind(key.scram.iterations)
        .bind(ByteView(key.scram.stored_key))
        .bind(ByteView(key.scram.server_key))
        .bind(key.created)
        .bind(key.expires)
        .bind(key.revoked)
        .run();
  });
}

Result<std::optional<identity::KeyRecord>> SqliteKeys::find(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + "WHERE id = ?");
    return first_row<identity::KeyRecord>(query.bind(id), read_key);
  });
}

Result<std::vector<identity::KeyRecord>> SqliteKeys::of_agent(std::string_view agent) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + "WHERE agent = ? ORDER BY created_ms, id");
    return all_rows<identity::KeyRecord>(query.bind(agent), read_key);
  });
}

Result<Done> SqliteKeys::revoke(std::string_view id, WallTime when) {
  return db_.write([&](Connection& c) -> Result<Done> {
    NG_TRY(const auto changed,
           c.query("UPDATE agent_keys SET revoked_ms = coalesce(revoked_ms, ?) WHERE id = ?").bind(when).bind(id).change());
    if (changed == 0) return Error{Code::not_found, Blame::client, fmt::format("agent key {} does not exist", id)};
    return Done{};
  });
}

}  // namespace narrowgate::store
