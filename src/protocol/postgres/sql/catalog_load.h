// Reads a Catalog from a server, PostgreSQL 13 to 18, as any login: it looks only at what PostgreSQL shows to everybody.
//
// All of it is one REPEATABLE READ transaction, so that the parts fit each other. Blocks: call it off the loop.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/postgres/sql/catalog_answers.h"

namespace narrowgate::postgres {

class CatalogLoader {
 public:
  // nullptr: nothing that matters has changed since this was called before. `rules` say which columns are masked; partitions and
  // children are as their parents are, and the other way round.
  Result<std::shared_ptr<const Catalog>> load(const QueryFn& query, const masking::Rules& rules);
  // A new connection: everything is asked anew.
  void forget() { answers_ = {}; }

 private:
  CatalogAnswers answers_;
};

// Once.
Result<std::shared_ptr<const Catalog>> load_catalog(const QueryFn& query, const masking::Rules& rules = {});

// One database's catalog as it is at any time, over a connection of its own.
class CatalogWatch {
 public:
  // `conninfo` is libpq's.
  static Result<std::unique_ptr<CatalogWatch>> open(const std::string& conninfo);
  virtual ~CatalogWatch() = default;
  virtual Result<std::shared_ptr<const Catalog>> now() = 0;
};

}  // namespace narrowgate::postgres
