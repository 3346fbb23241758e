// Questions to the gateway itself, in SQL's clothes. Never forwarded.
//
//   SELECT * FROM narrowgate.scope        what this task may do here
//   SELECT * FROM narrowgate.status       this session: task, grant, time left, what waits
//   CALL narrowgate.request('dec_…', 'why')   asks a person for what decision dec_… denied
//
// Only these shapes, alone in their message, in any case and spacing (TABLE narrowgate.scope and SELECT narrowgate.request(…)
// too). Anything else that names the schema narrowgate goes the ordinary way, where no such table exists.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "policy/decision.h"

namespace narrowgate::postgres {

std::optional<GatewayCall> gateway_call(std::string_view sql);
// The columns of its answer; empty for a CALL.
const std::vector<std::string>& columns_of(const GatewayCall& call);

}  // namespace narrowgate::postgres
