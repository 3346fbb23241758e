// A connection of the command line's own to a PostgreSQL server or to the gateway, by libpq. Blocks.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace narrowgate::cli {

using Settings = std::vector<std::pair<std::string, std::string>>;  // libpq's; "" is left out

struct Answer {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

class Database {
 public:
  // `password` stands beside the settings, so that these may be shown.
  static Result<Database> connect(const Settings& settings, const SecretString& password);
  // The server's message in the Error, as people may be shown it.
  Result<Answer> query(std::string_view sql) const;
  // When the server's certificate ends; nullopt without TLS.
  std::optional<WallTime> certificate_end() const;
  bool encrypted() const { return PQsslInUse(connection_.get()) != 0; }

 private:
  explicit Database(PGconn* connection) : connection_(connection, &PQfinish) {}
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

}  // namespace narrowgate::cli
