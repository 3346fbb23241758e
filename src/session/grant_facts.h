// What a configuration says about one agent, one task and one resource, in the words of grants and policies. Asked at admission,
// and by whoever wants to know beforehand what would be decided. Pure: no clock, no I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "grant/task.h"
#include "identity/agent.h"
#include "policy/decision.h"
#include "policy/facts.h"

namespace narrowgate::session {

// The task as declared by a connection, its scope narrowed to what template and ceiling both allow. Its id, reason and ticket are
// the caller's to set.
Result<grant::Task> declared_task(const config::Agent& configured, const config::Template& task_template,
                                  const identity::Agent& identity, WallTime now);

policy::GrantFacts facts_for(const grant::Task& task, const identity::Agent& agent, const config::Resource& resource,
                             const config::Template& task_template);

// Whether a scope covers all of an operation, and what will be enforced while it runs: the strictest limits of all its effects.
struct Covered {
  std::optional<Effect> outside;  // the first that is not covered
  Enforced enforced;
};
Covered cover(const grant::Scope& scope, const std::string& resource, const Operation& operation);

}  // namespace narrowgate::session
