#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "store/sqlite/migrate.h"
#include "store/sqlite/tables.h"

namespace narrowgate::store {
namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(Connection writer, Connection reader, bool to_disk) : db_(std::move(writer), std::move(reader), to_disk) {}

  identity::KeyStore& agent_keys() override { return agent_keys_; }
  identity::SessionStore& people_sessions() override { return people_sessions_; }
  Agents& agents() override { return agents_; }
  Grants& grants() override { return grants_; }
  Approvals& approvals() override { return approvals_; }
  Decisions& decisions() override { return decisions_; }
  Revocations& revocations() override { return revocations_; }
  Sessions& sessions() override { return sessions_; }
  Issuers& issuers() override { return issuers_; }

  Result<Done> check() override {
    return db_.write([](Connection& c) {
      return c.query("INSERT INTO settings VALUES ('checked', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
          .bind(as_bytes(std::to_string(unix_ms(SystemClock().wall()))))
          .run();
    });
  }

 private:
  Database db_;
  SqliteKeys agent_keys_{db_};
  SqlitePeopleSessions people_sessions_{db_};
  SqliteAgents agents_{db_};
  SqliteGrants grants_{db_};
  SqliteApprovals approvals_{db_};
  SqliteDecisions decisions_{db_};
  SqliteRevocations revocations_{db_};
  SqliteSessions sessions_{db_};
  SqliteIssuers issuers_{db_};
};

// SQLite would create it by the umask; what is in it is nobody else's business.
Result<Done> create_private(const std::string& folder, const std::string& path) {
  const int made = ::mkdir(folder.c_str(), 0700);
  const int fd = made == 0 || errno == EEXIST ? ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (fd < 0)
    return Error{Code::unavailable, Blame::gateway,
                 fmt::format("store {}: {}; check that data_dir can be written", path, std::strerror(errno))};
  ::close(fd);
  return Done{};
}

Result<Done> limit_size(Connection& connection, std::uint64_t bytes) {
  auto page = connection.query("PRAGMA page_size");
  NG_TRY_VOID(page.step());
  return connection.script(fmt::format("PRAGMA max_page_count = {}", std::max<std::uint64_t>(1, bytes / page.count(0))));
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& folder, const SqliteOptions& options) {
  const auto path = folder + "/narrowgate.db";
  NG_TRY_VOID(create_private(folder, path));
  NG_TRY(auto writer, Connection::open(path, Connection::Use::write));
  NG_TRY_VOID(writer.script("PRAGMA journal_mode = WAL"));
  NG_TRY_VOID(writer.script(options.sync == Sync::disk ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL"));
  NG_TRY_VOID(migrate(writer, migrations(), SystemClock().wall()));
  if (options.size_bytes_max > 0) NG_TRY_VOID(limit_size(writer, options.size_bytes_max));
  NG_TRY(auto reader, Connection::open(path, Connection::Use::read));
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(writer), std::move(reader), options.sync == Sync::disk));
}

}  // namespace narrowgate::store
