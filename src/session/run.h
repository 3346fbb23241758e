// A connection's life, from hello to the last record.
#pragma once

#include "protocol/protocol.h"
#include "session/gateway.h"

namespace narrowgate::session {

// Never throws and never fails: whatever goes wrong ends this session, is recorded and logged. Both references outlive it.
Task<void> run(const Gateway& gateway, const Entrance& entrance, std::unique_ptr<Conversation> conversation);

}  // namespace narrowgate::session
