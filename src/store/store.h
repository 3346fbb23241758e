// Store: what the gateway must remember over a restart, as narrow interfaces; sqlite/ keeps it.
//
// Promises: every call is one transaction; what a call returned has happened, also after kill -9; a conflict is Code::conflict
// ("somebody else was first; read again"); a full disk or a broken file is an Error that names the file, and the process stays
// up. All calls block (call from a pool) and are thread-safe.
//
// Not here: recordings (recording/ is the truth about what happened, this is an index to it), secrets in clear, and any opinion:
// states are written as their owners name them.
#pragma once

#include <memory>

#include "store/agents.h"
#include "store/approvals.h"
#include "store/decisions.h"
#include "store/grants.h"
#include "store/issuers.h"
#include "store/revocations.h"
#include "store/sessions.h"

namespace narrowgate::identity {
class KeyStore;
class SessionStore;
}  // namespace narrowgate::identity

namespace narrowgate::store {

class Store {
 public:
  virtual ~Store() = default;
  // All live as long as the store.
  virtual identity::KeyStore& agent_keys() = 0;
  virtual identity::SessionStore& people_sessions() = 0;
  virtual Agents& agents() = 0;
  virtual Grants& grants() = 0;
  virtual Approvals& approvals() = 0;
  virtual Decisions& decisions() = 0;
  virtual Revocations& revocations() = 0;
  virtual Sessions& sessions() = 0;
  virtual Issuers& issuers() = 0;
  // Can it be written now? For /readyz.
  virtual Result<Done> check() = 0;
};

}  // namespace narrowgate::store
