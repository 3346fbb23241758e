#include "store/sqlite/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/limits.h"

namespace narrowgate::store {
namespace {

constexpr int kBusyTimeoutMs = 5'000;      // another process (a backup, a shell) may hold the file for a moment
constexpr std::size_t kPreparedMax = 256;  // texts are ours and few; filters make some more of them

Error failure(std::string_view path, Code code, std::string_view what, std::string_view detail) {
  return {code, Blame::gateway, fmt::format("store {}: {} ({})", path, what, detail)};
}

}  // namespace

Error sqlite_error(std::string_view path, int result, std::string_view detail) {
  switch (result & 0xff) {
    case SQLITE_FULL: return failure(path, Code::unavailable, "the disk is full; free some space", detail);
    case SQLITE_IOERR: return failure(path, Code::unavailable, "the disk failed or is full; check it", detail);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return failure(path, Code::unavailable, "another process is using it; end that one", detail);
    case SQLITE_NOMEM: return failure(path, Code::unavailable, "out of memory", detail);
    case SQLITE_TOOBIG: return failure(path, Code::too_large, "a value is too large to keep", detail);
    case SQLITE_CONSTRAINT: return failure(path, Code::conflict, "it says otherwise already; read again", detail);
    case SQLITE_CORRUPT: return failure(path, Code::malformed, "it is damaged; restore it from a backup", detail);
    case SQLITE_NOTADB:
      return failure(path, Code::malformed, "it is not a database; move it away or choose another data_dir", detail);
    case SQLITE_CANTOPEN:
      return failure(path, Code::unavailable, "it cannot be opened; check that the folder is there and is ours", detail);
    case SQLITE_READONLY:
    case SQLITE_PERM: return failure(path, Code::unavailable, "it cannot be written; check who owns it", detail);
    default: return failure(path, Code::bug, fmt::format("unexpected answer {}", result), detail);
  }
}

// ---- Query

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bound(int result) {
  if (failed_ == SQLITE_OK) failed_ = result;
  return *this;
}

Query& Query::bind(std::string_view text) {
  return bound(sqlite3_bind_text64(statement_, next_++, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8));
}
Query& Query::bind(ByteView bytes) {
  return bound(sqlite3_bind_blob64(statement_, next_++,
                                   bytes.data() == nullptr ? "" : reinterpret_cast<const char*>(bytes.data()), bytes.size(),
                                   SQLITE_TRANSIENT));
}
Query& Query::bind(std::int64_t number) { return bound(sqlite3_bind_int64(statement_, next_++, number)); }
Query& Query::bind(std::uint64_t number) {
  return bind(std::int64_t(std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max())));
}
Query& Query::bind_null() { return bound(sqlite3_bind_null(statement_, next_++)); }

Result<bool> Query::step() {
  if (failed_ != SQLITE_OK) return sqlite_error(path_, failed_, sqlite3_errmsg(db_));
  const int result = sqlite3_step(statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return sqlite_error(path_, sqlite3_extended_errcode(db_), sqlite3_errmsg(db_));
}

Result<Done> Query::run() {
  for (;;) {
    NG_TRY(const bool row, step());
    if (!row) return Done{};
  }
}

Result<std::size_t> Query::change() {
  NG_TRY_VOID(run());
  return std::size_t(sqlite3_changes64(db_));
}

std::uint64_t Query::count(int column) const { return std::uint64_t(std::max<std::int64_t>(0, integer(column))); }

std::string Query::text(int column) const {
  const auto* text = sqlite3_column_text(statement_, column);
  return text == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(text), std::size_t(sqlite3_column_bytes(statement_, column)));
}

Bytes Query::bytes(int column) const {
  const auto* data = static_cast<const Byte*>(sqlite3_column_blob(statement_, column));
  return data == nullptr ? Bytes() : Bytes(data, data + sqlite3_column_bytes(statement_, column));
}

std::optional<WallTime> Query::maybe_time(int column) const {
  if (null(column)) return std::nullopt;
  return time(column);
}

std::optional<std::uint64_t> Query::maybe_count(int column) const {
  if (null(column)) return std::nullopt;
  return count(column);
}

// ---- Connection

Result<Connection> Connection::open(const std::string& path, Use use) {
  sqlite3* raw = nullptr;
  const int result = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  Connection out;
  out.path_ = std::make_unique<std::string>(path);
  out.db_.reset(raw);
  if (result != SQLITE_OK) return sqlite_error(path, result, raw == nullptr ? "no memory" : sqlite3_errmsg(raw));
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  NG_TRY_VOID(out.script("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"));
  if (use == Use::read) NG_TRY_VOID(out.script("PRAGMA query_only = ON;"));
  return out;
}

Query Connection::query(std::string_view sql) {
  auto found = prepared_.find(sql);
  if (found == prepared_.end()) {
    if (prepared_.size() >= kPreparedMax) prepared_.clear();
    sqlite3_stmt* raw = nullptr;
    const int result = sqlite3_prepare_v3(db_.get(), sql.data(), int(sql.size()), SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (result != SQLITE_OK) return {*path_, db_.get(), nullptr, result};
    found = prepared_.emplace(std::string(sql), raw).first;
  }
  return {*path_, db_.get(), found->second.get(), SQLITE_OK};
}

Result<Done> Connection::script(std::string_view sql) {
  const int result = sqlite3_exec(db_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) return sqlite_error(*path_, sqlite3_extended_errcode(db_.get()), sqlite3_errmsg(db_.get()));
  return Done{};
}

}  // namespace narrowgate::store
