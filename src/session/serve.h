// The loop: next ▸ decide ▸ (hold) ▸ record ▸ forward, until the client is finished or somebody ends it.
#pragma once

#include "session/session.h"

namespace narrowgate::session {

Task<Result<Done>> serve(Session& session);

// Record, then forward: the journal knows of a request before the upstream does. `approval` is what it uses up, or "".
Task<Result<Done>> forward(Session& session, Permitted permitted, const std::string& approval);
// Record, then say no.
Task<Result<Done>> refuse(Session& session, Refused refused);

}  // namespace narrowgate::session
