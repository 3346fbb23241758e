// A request on hold: a person is asked, the client waits and is told so, and then everything is decided again.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "approval/approvals.h"
#include "session/session.h"

namespace narrowgate::session {

// Wakes the sessions whose approvals changed. One for the process; made in main. Thread-safe.
class HoldDesk {
 public:
  explicit HoldDesk(approval::Approvals& approvals);
  ~HoldDesk();

  // While it lives, `event` (on `loop`) is set at each change of `approval`.
  class Ticket {
   public:
    Ticket(HoldDesk& desk, std::string approval, net::Loop& loop, std::shared_ptr<net::Event> event);
    ~Ticket();
    Ticket(const Ticket&) = delete;

   private:
    HoldDesk& desk_;
    const std::string approval_;
    std::uint64_t key_;
  };

 private:
  friend class Ticket;
  struct Waiter {
    std::string approval;
    net::Loop* loop;
    std::shared_ptr<net::Event> event;
  };
  void changed(const approval::Change& change);
  std::mutex mutex_;
  std::map<std::uint64_t, Waiter> waiters_;
  std::uint64_t next_ = 0;
  std::unique_ptr<approval::Subscription> subscription_;
};

Task<Result<Done>> hold(Session& session, Waiting waiting);

}  // namespace narrowgate::session
