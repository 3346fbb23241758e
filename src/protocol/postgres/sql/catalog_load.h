// Reads a Catalog from a server, PostgreSQL 13 to 18, as any login: it looks only at what PostgreSQL shows to everybody.
//
// All of it is one REPEATABLE READ transaction, so that the parts fit each other. Blocks: call it off the loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/postgres/sql/catalog.h"

namespace narrowgate::postgres {

using QueryFn = std::function<Result<Rows>(std::string_view sql)>;

// The queries go out in a fixed order (catalog_queries.h), inside a transaction that this opens and ends.
// `rules` say which columns are masked; partitions and children are as their parents are, and the other way round.
Result<std::shared_ptr<const Catalog>> load_catalog(const QueryFn& query, const masking::Rules& rules = {});
// The same over a connection of its own, made and closed here. `conninfo` is libpq's.
Result<std::shared_ptr<const Catalog>> load_catalog(const std::string& conninfo);
// What Catalog::version() would be now. One cheap query.
Result<std::string> catalog_version(const QueryFn& query);
Result<std::string> catalog_version(const std::string& conninfo);

}  // namespace narrowgate::postgres
