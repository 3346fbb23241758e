// decide(open): may this agent open this resource for this task? The task is declared, its scope narrowed, the grant issued.
#pragma once

#include <memory>
#include <variant>

#include "config/config.h"
#include "grant/grant.h"
#include "grant/registry.h"
#include "grant/task.h"
#include "identity/agent.h"
#include "policy/engine.h"
#include "protocol/protocol.h"
#include "session/gateway.h"

namespace narrowgate::session {

// A task that may open one resource, and what it may do there.
struct Admission : LiveTask {
  identity::Agent agent;
  Work work;                                        // to leave the task by
  const config::Template* task_template = nullptr;  // these live as long as the gateway's configuration
  const config::Resource* resource = nullptr;
  std::string database;  // on the resource
};

// What the client is told it got: "granted SELECT on 3 of 9 tables …".
std::vector<std::string> admission_notices(const Admission& admission, const std::vector<ObjectName>& tables);

Task<Result<std::variant<Admission, Denial>>> admit(const Gateway& gateway, const Entrance& entrance, const Hello& hello,
                                                    identity::Agent agent);

}  // namespace narrowgate::session
