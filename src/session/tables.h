// What the gateway answers about itself: narrowgate.scope, narrowgate.status, narrowgate.request.
#pragma once

#include "session/session.h"

namespace narrowgate::session {

Task<Result<Done>> answer(Session& session, std::unique_ptr<Request> request);

}  // namespace narrowgate::session
