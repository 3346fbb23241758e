#include "grant/task.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/limits.h"

namespace narrowgate::grant {
namespace {

Result<Done> check_parent(const Task& parent, WallTime now) {
  const auto refuse = [&](std::string_view why) {
    return Error{Code::refused, Blame::client, fmt::format("task {} cannot start another one: {}", parent.id, why)};
  };
  if (parent.state != TaskState::active) return refuse(fmt::format("it is {}", to_string(parent.state)));
  if (now >= parent.not_after) return refuse("its time is over");
  if (parent.depth >= task_depth_max) return refuse(fmt::format("tasks nest at most {} deep", task_depth_max));
  return Done{};
}

Scope narrowest(const TaskInputs& in) {
  if (in.ceiling == nullptr) return {};
  Scope scope = *in.ceiling;
  if (in.declared != nullptr) scope = intersect(scope, *in.declared);
  if (in.agent_ceiling != nullptr) scope = intersect(scope, *in.agent_ceiling);
  if (in.parent != nullptr) scope = intersect(scope, in.parent->scope);
  return scope;
}

// The least of what was asked, what the template gives and what any grant may last.
std::chrono::milliseconds life(const TaskInputs& in) {
  std::chrono::milliseconds least = limits::grant_life_max;
  if (in.template_duration.count() > 0) least = std::min(least, in.template_duration);
  if (in.asked.count() > 0) least = std::min(least, in.asked);
  if (in.asked.count() <= 0 && in.template_duration.count() <= 0) least = limits::grant_life_default;
  return least;
}

}  // namespace

Result<Effective> effective(const TaskInputs& in) {
  if (in.parent != nullptr) NG_TRY_VOID(check_parent(*in.parent, in.now));
  WallTime end = in.now + life(in);
  if (in.parent != nullptr) end = std::min(end, in.parent->not_after);
  return Effective{narrowest(in), end};
}

}  // namespace narrowgate::grant
