// What a text means, without the text: shared by every request that means the same.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/decision.h"
#include "protocol/postgres/sql/classify.h"

namespace narrowgate::postgres {

struct Statement {
  std::shared_ptr<const Operation> operation;
  std::vector<StatementFacts> facts;
  std::string stamp_query, stamps;           // how to ask the upstream for the versions of the objects it names, and what it said
  std::optional<GatewayCall> gateway_call;
  bool changes_meaning = false;              // its success changes what later texts mean
  bool writes_rows = false;                  // a row ceiling applies
  bool copies_in = false;                    // COPY FROM STDIN
  bool controls_transaction = false;         // BEGIN, COMMIT and friends: cannot run inside a transaction of ours
  bool numbers_do_not_matter = false;        // no plain whole number in the text can change what it means
  bool defines = false;                      // DDL: what the catalog says may be old afterwards
};

}  // namespace narrowgate::postgres
