#include "approval/listeners.h"

namespace narrowgate::approval {

void Approvals::tell(const Approval& approval, State from, bool created) const {
  const Change change{approval.id, approval.digest, approval.facts.task, approval.facts.session, from, approval.state, created};
  const std::scoped_lock lock(listeners_->mutex);
  for (const auto& [key, listener] : listeners_->by_key) listener(change);
}

std::unique_ptr<Subscription> Approvals::subscribe(std::function<void(const Change&)> listener) {
  const std::scoped_lock lock(listeners_->mutex);
  const auto key = listeners_->next_key++;
  listeners_->by_key.emplace(key, std::move(listener));
  return std::unique_ptr<Subscription>(new Subscription(listeners_, key));
}

Subscription::~Subscription() {
  const std::scoped_lock lock(listeners_->mutex);
  listeners_->by_key.erase(key_);
}

}  // namespace narrowgate::approval
