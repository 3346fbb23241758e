// What a session needs of the rest of the house. Made in main, outlives every session.
#pragma once

#include <memory>

#include "approval/approvals.h"
#include "base/clock.h"
#include "config/config.h"
#include "credentials/accounts.h"
#include "credentials/sources.h"
#include "grant/registry.h"
#include "identity/identify.h"
#include "net/loop.h"
#include "policy/engine.h"
#include "recording/recorder.h"
#include "session/live_tasks.h"
#include "session/metrics.h"
#include "store/store.h"

namespace narrowgate::session {

// The policies in force. Swapped whole; a session takes the ones of the moment it was admitted under, and is admitted anew when
// they change (decide.h).
class Policies {
 public:
  explicit Policies(std::shared_ptr<const policy::PolicySet> set) : set_(std::move(set)) {}
  std::shared_ptr<const policy::PolicySet> current() const { return set_.load(); }
  void replace(std::shared_ptr<const policy::PolicySet> set) { set_.store(std::move(set)); }

 private:
  std::atomic<std::shared_ptr<const policy::PolicySet>> set_;
};

class HoldDesk;

struct Gateway {
  const Clock& clock;
  std::shared_ptr<const config::Config> config;
  identity::Agents& agents;
  Policies& policies;
  grant::Registry& registry;
  store::Store& store;
  approval::Approvals& approvals;
  recording::Recorder& recorder;
  credentials::Sources& credentials;
  credentials::Accounts& accounts;
  LiveTasks& tasks;
  HoldDesk& holds;
  net::Pool& pool;
  Metrics& metrics;
};

// Where a connection came in.
struct Entrance {
  net::Loop* loop = nullptr;
  std::size_t loop_index = 0;  // which journal
  std::string default_resource, default_template;
  bool grant_notice = true;
};

}  // namespace narrowgate::session
