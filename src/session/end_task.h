// What becomes of a task that nobody will come back to: its grant closes, its account upstream goes, and both are written down.
#pragma once

#include "net/loop.h"
#include "session/gateway.h"

namespace narrowgate::session {

// Blocks. Once for each connection that ended with it is once too often for the store: Code::conflict, which says nothing.
Result<Done> end_task(const Gateway& gateway, const LiveTask& task);
// One connection less, and the end of the task if nobody will come back to it.
Task<void> leave_task(const Gateway& gateway, net::Loop& loop, const Work& work, const LiveTask& task, Duration linger);

}  // namespace narrowgate::session
