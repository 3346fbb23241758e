// What a text means, without the text: shared by every request that means the same.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/decision.h"
#include "protocol/postgres/masked_answer.h"
#include "protocol/postgres/sql/classify.h"

namespace narrowgate::postgres {

struct Statement {
  std::shared_ptr<const Operation> operation;
  std::vector<StatementFacts> facts;
  std::string stamp_query;  // asks the upstream for the versions of the objects it rests on; "" if it rests on none
  std::optional<GatewayCall> gateway_call;
  std::shared_ptr<const AnswerMasks> masks;  // of what it shows; nullptr: none of it is masked
  std::vector<std::string> constants;        // texts in it, if it writes where a mask may come back: none may be one
  bool changes_meaning = false;              // its success changes what later texts mean
  bool writes_rows = false;                  // a row ceiling applies
  bool copies_in = false;                    // COPY FROM STDIN
  std::size_t copies = 0;                    // how many of them
  std::vector<std::string> fetches;          // the cursors it takes rows from, but for those it makes
  bool controls_transaction = false;         // BEGIN, COMMIT and friends: cannot run inside a transaction of ours
  bool numbers_do_not_matter = false;        // no plain whole number in the text can change what it means
  bool ends_transaction = false;             // COMMIT, ROLLBACK, ROLLBACK TO
  bool no_transaction = false;               // cannot run inside one: VACUUM, CREATE INDEX CONCURRENTLY
  bool touches_masked = false;               // a table with masked columns: what the server says of it may tell their values
  bool writes_masked = false;                // to masked columns
  bool rests_on_names = false;               // on a prepared statement or a cursor: not to be remembered by its text
  bool defines = false;                      // DDL: what the catalog says may be old afterwards
  bool of_databases = false;                 // it waits until nobody is connected to one
};

// Do both do the same to the same? Not whether they are the same text.
inline bool same_meaning(const Statement& a, const Statement& b) {
  const Operation &x = *a.operation, &y = *b.operation;
  return x.classified && y.classified && x.danger == y.danger && x.effects == y.effects && a.stamp_query == b.stamp_query &&
         a.copies == b.copies && a.writes_rows == b.writes_rows && a.no_transaction == b.no_transaction;
}

}  // namespace narrowgate::postgres
