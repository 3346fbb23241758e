// What a server answered to the catalog's questions, kept from one reading to the next: only what may have changed is asked
// again.
//
// PostgreSQL's tables of definitions say themselves which of their rows are new: by xmin, as far back as the oldest transaction
// that ran when they were last read. Where only something was added or is gone, nothing else reads otherwise than before; where
// something may have another name now, everything is asked again. Not here: what the answers mean (catalog_load.h).
#pragma once

#include <array>
#include <bitset>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/postgres/sql/catalog.h"
#include "protocol/postgres/sql/catalog_queries.h"

namespace narrowgate::postgres {

using QueryFn = std::function<Result<Rows>(std::string_view sql)>;

class CatalogAnswers {
 public:
  // One transaction over `query`, opened and ended here. False: everything is as it was. After an error nothing is kept.
  Result<bool> renew(const QueryFn& query);
  // To one of catalog_queries.h, after renew().
  const Rows& to(std::string_view question) const;

 private:
  struct State {
    std::string rows, fresh, versions;  // as the server counts them
    bool operator==(const State&) const = default;
  };
  using States = std::array<State, queries::part_tables.size()>;
  using Parts = std::bitset<queries::part_tables.size()>;
  struct Horizon {
    std::string snapshot, xid;
    bool nothing_ran = false;  // while it was taken: whatever is visible is older than it
  };

  Result<bool> renew_inside(const QueryFn& query);
  Result<bool> ask_all(const QueryFn& query);
  Result<bool> ask_changed(const QueryFn& query, const States& now);
  // nullopt: a relation that was there is another one now.
  Result<std::optional<bool>> ask_relations(const QueryFn& query);
  Result<bool> ask(const QueryFn& query, std::string_view question);
  static Result<States> ask_states(const QueryFn& query, std::string_view xid);

  std::optional<Horizon> horizon_;  // nullopt: nothing is kept
  States states_;
  std::map<std::string_view, Rows> answers_;
};

}  // namespace narrowgate::postgres
