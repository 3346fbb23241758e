#include <fmt/format.h>

#include "base/json.h"
#include "store/sqlite/tables.h"
#include "store/sqlite/where.h"

namespace narrowgate::store {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, person, sha256, created_ms, expires_ms, note, person_groups FROM people_sessions ";

std::string groups_as_json(const std::vector<std::string>& groups) {
  return canonical(json::array(groups.begin(), groups.end()));
}

Result<std::vector<std::string>> groups_from_json(std::string_view text) {
  NG_TRY(const json::value value, parse_json(text));
  std::vector<std::string> out;
  if (!value.is_array()) return Error{Code::malformed, Blame::gateway, "store: groups of a person's session are no list"};
  for (const auto& group : value.get_array())
    if (group.is_string()) out.emplace_back(group.get_string().data(), group.get_string().size());
  return out;
}

Result<identity::SessionRecord> read_session(const Query& query) {
  identity::SessionRecord out;
  out.id = query.text(0);
  out.person = query.text(1);
  const Bytes digest = query.bytes(2);
  if (digest.size() != out.sha256.size())
    return Error{Code::malformed, Blame::gateway, "store: a person's session has no whole digest"};
  std::copy(digest.begin(), digest.end(), out.sha256.begin());
  out.created = query.time(3);
  out.expires = query.time(4);
  out.note = query.text(5);
  NG_TRY(out.groups, groups_from_json(query.text(6)));
  return out;
}

}  // namespace

Result<Done> SqlitePeopleSessions::add(const identity::SessionRecord& record) {
  return db_.write([&](Connection& c) {
    return c.query("INSERT INTO people_sessions VALUES (?, ?, ?, ?, ?, ?, ?)")
        .bind(record.id)
        .bind(record.person)
        .bind(ByteView(record.sha256))
        .bind(record.created)
        .bind(record.expires)
        .bind(record.note)
        .bind(groups_as_json(record.groups))
        .run();
  });
}

Result<std::optional<identity::SessionRecord>> SqlitePeopleSessions::find(std::string_view id) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + "WHERE id = ?");
    return first_row<identity::SessionRecord>(query.bind(id), read_session);
  });
}

Result<std::vector<identity::SessionRecord>> SqlitePeopleSessions::of_person(std::string_view person) {
  return db_.read([&](Connection& c) {
    auto query = c.query(std::string(kColumns) + "WHERE person = ? ORDER BY created_ms, id");
    return all_rows<identity::SessionRecord>(query.bind(person), read_session);
  });
}

Result<Done> SqlitePeopleSessions::remove(std::string_view id) {
  return db_.write([&](Connection& c) { return c.query("DELETE FROM people_sessions WHERE id = ?").bind(id).run(); });
}

Result<Done> SqlitePeopleSessions::remove_expired(WallTime now) {
  return db_.write([&](Connection& c) { return c.query("DELETE FROM people_sessions WHERE expires_ms <= ?").bind(now).run(); });
}

}  // namespace narrowgate::store
