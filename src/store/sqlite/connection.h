// SQLite's C interface with owners and Results: a connection, and one run of a prepared statement.
//
//   NG_TRY(const bool found, query.bind(id).step());      if found: query.text(0), query.integer(1), …
//   NG_TRY_VOID(connection.query("DELETE …").bind(id).run());
//
// Statements are prepared once per connection and text. Not thread-safe: Database serialises.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

class Query {
 public:
  Query(std::string_view path, sqlite3* db, sqlite3_stmt* statement, int failed)
      : path_(path), db_(db), statement_(statement), failed_(failed) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // The next parameter, left to right. Values are copied. What fails here is answered by step().
  Query& bind(std::string_view text);
  Query& bind(const char* text) { return bind(std::string_view(text)); }
  Query& bind(const std::string& text) { return bind(std::string_view(text)); }
  Query& bind(ByteView bytes);
  Query& bind(std::int64_t number);
  Query& bind(std::uint64_t number);  // saturates at what SQLite has
  Query& bind(unsigned number) { return bind(std::int64_t(number)); }
  Query& bind(WallTime time) { return bind(unix_ms(time)); }
  template <class T>
  Query& bind(const std::optional<T>& value) {
    return value ? bind(*value) : bind_null();
  }
  Query& bind_null();

  Result<bool> step();           // true: there is a row
  Result<Done> run();            // to the end
  Result<std::size_t> change();  // to the end; how many rows changed

  // Columns of the row that step() found, from 0.
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t count(int column) const;  // never below 0
  std::string text(int column) const;
  Bytes bytes(int column) const;
  WallTime time(int column) const { return from_unix_ms(integer(column)); }
  std::optional<WallTime> maybe_time(int column) const;
  std::optional<std::uint64_t> maybe_count(int column) const;

 private:
  Query& bound(int result);

  std::string_view path_;
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int failed_;
  int next_ = 1;
};

class Connection {
 public:
  enum class Use : std::uint8_t { write, read };
  static Result<Connection> open(const std::string& path, Use use);
  Connection(Connection&&) = default;
  Connection& operator=(Connection&&) = delete;  // would close before finalizing

  // `sql` is one statement.
  Query query(std::string_view sql);
  // Several statements without parameters.
  Result<Done> script(std::string_view sql);
  const std::string& path() const { return *path_; }

 private:
  Connection() = default;
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  std::unique_ptr<std::string> path_;  // queries look at it: it does not move
  std::unique_ptr<sqlite3, Close> db_;
  std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalize>, std::less<>> prepared_;
};

// What SQLite's answer means to a caller, naming the file. `detail` is SQLite's own message.
Error sqlite_error(std::string_view path, int result, std::string_view detail);

}  // namespace narrowgate::store
