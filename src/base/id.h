// Identifiers: a prefix that says what it names, and a ULID (time-ordered, 26 characters of Crockford's base 32).
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace narrowgate {

enum class IdKind { agent, task, grant, session, decision, approval, recording };

std::string_view prefix_of(IdKind kind);  // "agt_", "tsk_", "grt_", "ses_", "dec_", "apr_", "rec_"
std::string new_id(IdKind kind, WallTime now);
// Is `text` a well-formed identifier of this kind? For input from outside.
bool is_id(IdKind kind, std::string_view text);

}  // namespace narrowgate
