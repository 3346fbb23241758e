// Brings a file to the schema this binary knows: numbered steps, each in a transaction, each recorded with the digest of its
// text.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "store/sqlite/connection.h"

namespace narrowgate::store {

struct Migration {
  int version;
  std::string_view name;  // "0001_who"
  std::string_view sql;
};
std::span<const Migration> migrations();  // migrations/*.sql, in order from 1, without a gap

// Code::unsupported for a newer file, Code::malformed for a foreign one or one whose steps were others.
Result<Done> migrate(Connection& connection, std::span<const Migration> steps, WallTime now);

}  // namespace narrowgate::store
