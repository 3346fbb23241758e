// What a held statement would do, found out over a connection of its own: how the server means to do it, how many rows, a few of
// them, and the triggers in their way.
//
// Promises: nothing is run that the classifier does not call a read, and the session cannot write; a second or so for each
// question; masked columns come masked. It cannot see what the client's own open transaction has done so far. Blocks: for the
// background pool. Not here: what becomes of it (approval/).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "credentials/lease.h"
#include "policy/preview.h"
#include "protocol/postgres/request.h"
#include "protocol/postgres/sql/preview_query.h"
#include "protocol/postgres/wire/startup.h"

namespace narrowgate::postgres {

struct LookAhead {
  std::string statement;
  std::vector<std::uint32_t> types;  // of its parameters, as the client declared them
  std::string bind;                  // the client's Bind, with their values; "" if there is none
  bool plan = false;
  std::optional<PreviewQuery> rows;
  std::shared_ptr<const AnswerMasks> masks;                   // of rows->sample
  std::vector<std::pair<std::string, std::string>> triggers;  // "schema.table", verb
  std::vector<Setting> settings;                              // what the texts mean rests on them
  bool in_transaction = false;
};

// What may be asked about this statement. nullopt: nothing, or `depth` says so.
std::optional<LookAhead> look_ahead_at(const PostgresRequest& request, PreviewDepth depth, const Catalog& catalog,
                                       const SessionState& state);

Preview look_ahead(const Upstream& upstream, const LookAhead& what, const masking::Masks& masks);

}  // namespace narrowgate::postgres
