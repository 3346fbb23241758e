// Who is calling? The login sequence, once, for every protocol.
#pragma once

#include <variant>

#include "identity/agent.h"
#include "protocol/protocol.h"
#include "session/gateway.h"

namespace narrowgate::session {

// The agent this client proved to be, or what it is told instead. Error: the client is gone or broke its protocol.
Task<Result<std::variant<identity::Agent, Denial>>> identify(const Gateway& gateway, Conversation& conversation, net::Loop& loop,
                                                             const Hello& hello);

}  // namespace narrowgate::session
