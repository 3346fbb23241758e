// What may become of a task and of a grant (security-model §5.2): two tables of transitions, and nothing that is not in them.
//
// Pure functions. A final state has no way out; there is no "extend": a successor is decided anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"

namespace narrowgate::grant {

enum class TaskState : std::uint8_t { declared, active, suspended, completed, expired, revoked };
enum class TaskEvent : std::uint8_t { activate, suspend, resume, complete, expire, revoke };

enum class GrantState : std::uint8_t {
  requested,
  pending,
  active,
  suspended,  // live
  denied,
  expired,
  exhausted,
  revoked,
  closed,  // final
};
enum class GrantEvent : std::uint8_t {
  narrowed_auto,   // something was granted, nothing of it needs a person
  narrowed_held,   // something was granted, but all of it needs a person first
  narrowed_empty,  // nothing is left of what was asked
  approved,        // a person released what was pending
  dropped,         // a person said no, or nobody answered
  suspend,
  resume,
  expire,   // not_after, or idle too long
  exhaust,  // a counter is at its limit
  revoke,
  close,
};

struct TaskTransition {
  TaskState from;
  TaskEvent event;
  TaskState to;
};
struct GrantTransition {
  GrantState from;
  GrantEvent event;
  GrantState to;
};
std::span<const TaskTransition> task_transitions();
std::span<const GrantTransition> grant_transitions();

// nullopt: this cannot happen to a task in that state.
std::optional<TaskState> next(TaskState from, TaskEvent event);
std::optional<GrantState> next(GrantState from, GrantEvent event);

bool is_final(TaskState state);
bool is_final(GrantState state);
// May a new operation start? Only under an active grant of an active task.
constexpr bool may_operate(TaskState task, GrantState grant) { return task == TaskState::active && grant == GrantState::active; }

std::string_view to_string(TaskState state);
std::string_view to_string(GrantState state);
std::string_view to_string(TaskEvent event);
std::string_view to_string(GrantEvent event);
Result<TaskState> task_state_from(std::string_view text);
Result<GrantState> grant_state_from(std::string_view text);

}  // namespace narrowgate::grant
