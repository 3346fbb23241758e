#include "session/end_task.h"

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

}  // namespace narrowgate::session
