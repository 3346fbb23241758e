// Task: one declared piece of work by one agent, with a reason and an end. The principal of every decision.
//
// A value; what may become of it is lifecycle.h's business, what it may do is its effective scope.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "grant/lifecycle.h"
#include "grant/scope.h"

namespace narrowgate::grant {

inline constexpr unsigned task_depth_max = 3;  // a task, its child, and that one's child

struct Task {
  std::string id;            // tsk_…
  std::string agent;         // a configured agent's name
  std::string owner;         // who answers for the agent
  std::string on_behalf_of;  // empty: nobody
  std::string template_name;
  std::string parent;  // tsk_… of the task that started this one; empty: none
  unsigned depth = 1;
  std::string reason, ticket;     // the agent's own words: shown as such, never authority
  std::optional<Scope> declared;  // nullopt: nothing declared, the template's scope was asked for
  Scope scope;                    // effective: never wider than any of its inputs
  WallTime created, not_after;
  TaskState state = TaskState::declared;
  friend bool operator==(const Task&, const Task&) = default;
};

// What a task may ever do and until when, from all who have a say. Pointers may be null: that side has nothing to say.
struct TaskInputs {
  const Scope* declared = nullptr;
  const Scope* ceiling = nullptr;  // the template's; null permits nothing
  const Scope* agent_ceiling = nullptr;
  const Task* parent = nullptr;
  std::chrono::milliseconds asked{0};  // 0: as long as the template says
  std::chrono::milliseconds template_duration{0};
  WallTime now;
};
struct Effective {
  Scope scope;  // may be empty, which refuses the task
  WallTime not_after;
};
// Errors: refused, if the parent is not live or the tree is too deep.
Result<Effective> effective(const TaskInputs& inputs);

}  // namespace narrowgate::grant
