#include "grant/lifecycle.h"

#include <fmt/format.h>

#include <array>

namespace narrowgate::grant {
namespace {

using enum GrantState;
using GE = GrantEvent;
using TS = TaskState;
using TE = TaskEvent;

constexpr std::array kTask{
    TaskTransition{TS::declared, TE::activate, TS::active},     TaskTransition{TS::declared, TE::expire, TS::expired},
    TaskTransition{TS::declared, TE::revoke, TS::revoked},      TaskTransition{TS::active, TE::suspend, TS::suspended},
    TaskTransition{TS::active, TE::complete, TS::completed},    TaskTransition{TS::active, TE::expire, TS::expired},
    TaskTransition{TS::active, TE::revoke, TS::revoked},        TaskTransition{TS::suspended, TE::resume, TS::active},
    TaskTransition{TS::suspended, TE::complete, TS::completed}, TaskTransition{TS::suspended, TE::expire, TS::expired},
    TaskTransition{TS::suspended, TE::revoke, TS::revoked},
};

constexpr std::array kGrant{
    GrantTransition{requested, GE::narrowed_auto, active},
    GrantTransition{requested, GE::narrowed_held, pending},
    GrantTransition{requested, GE::narrowed_empty, denied},
    GrantTransition{requested, GE::expire, expired},
    GrantTransition{requested, GE::revoke, revoked},
    GrantTransition{pending, GE::approved, active},
    GrantTransition{pending, GE::dropped, denied},
    GrantTransition{pending, GE::expire, expired},
    GrantTransition{pending, GE::revoke, revoked},
    GrantTransition{pending, GE::close, closed},
    GrantTransition{active, GE::suspend, suspended},
    GrantTransition{active, GE::expire, expired},
    GrantTransition{active, GE::exhaust, exhausted},
    GrantTransition{active, GE::revoke, revoked},
    GrantTransition{active, GE::close, closed},
    GrantTransition{suspended, GE::resume, active},
    GrantTransition{suspended, GE::expire, expired},
    GrantTransition{suspended, GE::exhaust, exhausted},  // by an operation that was already running
    GrantTransition{suspended, GE::revoke, revoked},
    GrantTransition{suspended, GE::close, closed},
};

template <class Table, class State, class Event>
std::optional<State> look_up(const Table& table, State from, Event event) {
  for (const auto& row : table)
    if (row.from == from && row.event == event) return row.to;
  return std::nullopt;
}

template <class State>
Result<State> state_named(std::string_view text, State last, std::string_view what) {
  for (int i = 0; i <= int(last); ++i)
    if (to_string(State(i)) == text) return State(i);
  return Error{Code::malformed, Blame::gateway, fmt::format("\"{}\" is not a state of a {}", text, what)};
}

}  // namespace

std::span<const TaskTransition> task_transitions() { return kTask; }
std::span<const GrantTransition> grant_transitions() { return kGrant; }

std::optional<TaskState> next(TaskState from, TaskEvent event) { return look_up(kTask, from, event); }
std::optional<GrantState> next(GrantState from, GrantEvent event) { return look_up(kGrant, from, event); }

bool is_final(TaskState state) { return state >= TaskState::completed; }
bool is_final(GrantState state) { return state >= GrantState::denied; }

std::string_view to_string(TaskState state) {
  switch (state) {
    case TS::declared: return "declared";
    case TS::active: return "active";
    case TS::suspended: return "suspended";
    case TS::completed: return "completed";
    case TS::expired: return "expired";
    case TS::revoked: return "revoked";
  }
  return "unknown";
}

std::string_view to_string(GrantState state) {
  switch (state) {
    case requested: return "requested";
    case pending: return "pending";
    case active: return "active";
    case suspended: return "suspended";
    case denied: return "denied";
    case expired: return "expired";
    case exhausted: return "exhausted";
    case revoked: return "revoked";
    case closed: return "closed";
  }
  return "unknown";
}

std::string_view to_string(TaskEvent event) {
  switch (event) {
    case TE::activate: return "activate";
    case TE::suspend: return "suspend";
    case TE::resume: return "resume";
    case TE::complete: return "complete";
    case TE::expire: return "expire";
    case TE::revoke: return "revoke";
  }
  return "unknown";
}

std::string_view to_string(GrantEvent event) {
  switch (event) {
    case GE::narrowed_auto: return "narrowed_auto";
    case GE::narrowed_held: return "narrowed_held";
    case GE::narrowed_empty: return "narrowed_empty";
    case GE::approved: return "approved";
    case GE::dropped: return "dropped";
    case GE::suspend: return "suspend";
    case GE::resume: return "resume";
    case GE::expire: return "expire";
    case GE::exhaust: return "exhaust";
    case GE::revoke: return "revoke";
    case GE::close: return "close";
  }
  return "unknown";
}

Result<TaskState> task_state_from(std::string_view text) { return state_named(text, TaskState::revoked, "task"); }
Result<GrantState> grant_state_from(std::string_view text) { return state_named(text, GrantState::closed, "grant"); }

}  // namespace narrowgate::grant
