#include "session/end_task.h"

#include "base/log.h"

namespace narrowgate::session {

Result<Done> end_task(const Gateway& gateway, const LiveTask& task) {
  using grant::GrantState, grant::TaskState;
  const std::string& grant = task.grant->grant().id;
  gateway.registry.close(grant);
  gateway.accounts.close(grant);
  const GrantState end = task.grant->state();
  if (end == GrantState::revoked) return Done{};  // whoever revoked it wrote that down
  NG_TRY_VOID(gateway.store.grants().move(grant, GrantState::active, end));
  return gateway.store.grants().move(task.task.id, TaskState::active,
                                     end == GrantState::expired ? TaskState::expired : TaskState::completed);
}

Task<void> leave_task(const Gateway& gateway, net::Loop& loop, const Work& work, const LiveTask& task, Duration linger) {
  if (!gateway.tasks.leave(work, *task.grant, linger)) co_return;
  const Result<Done> ended = co_await gateway.pool.run(loop, [&] { return end_task(gateway, task); });
  if (!ended.ok() && ended.error().code != Code::conflict)
    log_warning("task's end not stored", {{"task", task.task.id}, {"why", ended.error().detail}});
}

}  // namespace narrowgate::session
