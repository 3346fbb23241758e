// Who is told of changes. Shared by the service and its subscriptions, so that either may go first.
#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "approval/approvals.h"

namespace narrowgate::approval {

struct Approvals::Listeners {
  // Held while they are called: once a subscription has let go of it, nobody is in its callback.
  std::mutex mutex;
  std::uint64_t next_key = 1;
  std::map<std::uint64_t, std::function<void(const Change&)>> by_key;
};

}  // namespace narrowgate::approval
