// The wiring diagram of a running gateway: what is built, in which order, and what each part is given.
//
//   config ▸ folder lock ▸ store ▸ recorder ▸ identity ▸ policies ▸ registry, approvals ▸ credentials ▸ loops ▸ protocols ▸
//   listeners
//
// Members are destroyed from the last to the first, so each part outlives what was built on it.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "admin/api.h"
#include "approval/approvals.h"
#include "config/config.h"
#include "credentials/sources.h"
#include "grant/registry.h"
#include "http/server.h"
#include "identity/identify.h"
#include "identity/people.h"
#include "masking/mask.h"
#include "net/stream.h"
#include "policy/load.h"
#include "protocol/postgres/catalogs.h"
#include "protocol/postgres/warm.h"
#include "protocol/protocol.h"
#include "recording/recorder.h"
#include "session/gateway.h"
#include "session/hold.h"
#include "store/folder_lock.h"
#include "store/store.h"

namespace narrowgate::serve {

// A loop with its thread, and the journal writer that goes with its index.
struct Worker {
  std::unique_ptr<net::Loop> loop;
  std::optional<net::Thread> thread;  // once started
};

class Gateway {
 public:
  // Builds everything and listens. An Error names what could not be had.
  static Result<std::unique_ptr<Gateway>> start(std::shared_ptr<const config::Config> config, const Clock& clock);
  // Stops listening, lets sessions finish for `patience`, ends the rest, writes down what is left.
  void stop(std::chrono::milliseconds patience);
  ~Gateway();

  // Once a second, from any one thread: ends what is over, writes down what has expired, looks for changed catalogs and policies.
  void tick();
  // Reads the policies again; the old ones stay in force if the new ones do not load. What was wrong, one line each.
  std::vector<std::string> reload_policies();

  net::Address postgres_address() const;
  net::Address https_address() const;
  net::Address admin_address() const;
  std::size_t sessions() const { return registry_.sessions().size(); }

 private:
  Gateway(std::shared_ptr<const config::Config> config, const Clock& clock);
  Result<Done> build();
  Result<Done> remember_the_past();
  Result<Done> listen();
  Result<Done> listen_postgres();
  Result<Done> listen_http();
  Result<Done> may_decide(const approval::Approver& person, const approval::Approval& held) const;
  void start_loops();
  void end_sessions(std::chrono::milliseconds patience);

  void end_left_tasks(std::vector<session::LiveTask> left);
  void reap_accounts();
  void look_at_catalogs();

  const std::shared_ptr<const config::Config> config_;
  const Clock& clock_;
  std::optional<store::FolderLock> folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<recording::Recorder> recorder_;
  std::unique_ptr<identity::Agents> agents_;
  std::unique_ptr<identity::People> people_;
  std::unique_ptr<session::Policies> policies_;
  std::string policies_seen_;  // what their files looked like when they were last read
  grant::Registry registry_;
  session::LiveTasks tasks_{clock_};
  std::unique_ptr<approval::Approvals> approvals_;
  std::unique_ptr<session::HoldDesk> holds_;
  std::unique_ptr<credentials::Sources> credentials_;
  std::unique_ptr<credentials::Accounts> accounts_;
  std::unique_ptr<masking::Masks> masks_;
  MonoTime reaped_{};
  session::Metrics metrics_;
  std::unique_ptr<session::Gateway> sessions_;
  net::Pool pool_;  // its work may use all of the above
  std::vector<Worker> workers_;
  std::shared_ptr<postgres::Catalogs> catalogs_;  // shared with a look at them on the pool
  std::unique_ptr<postgres::WarmUpstreams> warm_;
  std::shared_ptr<std::atomic<bool>> looking_ = std::make_shared<std::atomic<bool>>(false);
  std::vector<std::unique_ptr<session::Entrance>> entrances_;
  std::unique_ptr<Protocol> postgres_;
  std::unique_ptr<admin::Parts> api_;
  std::unique_ptr<http::Server> https_, machines_;
  std::unique_ptr<net::Listener> postgres_listener_;
  bool started_ = false;
};

}  // namespace narrowgate::serve
