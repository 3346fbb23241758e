// What becomes of a task that nobody will come back to: its grant closes, its account upstream goes, and both are written down.
#pragma once

#include "session/gateway.h"

namespace narrowgate::session {

// Blocks. Once for each connection that ended with it is once too often for the store: Code::conflict, which says nothing.
Result<Done> end_task(const Gateway& gateway, const LiveTask& task);

}  // namespace narrowgate::session
