// Accounts at an upstream that last as long as a grant: the second lock. What one may do is compiled from the grant's scope.
//
// A protocol that knows how to make them implements this (protocol/postgres/roles).
#pragma once

#include <optional>
#include <string_view>

#include "config/config.h"
#include "credentials/lease.h"
#include "grant/grant.h"

namespace narrowgate::credentials {

// Thread-safe. Everything blocks: for the background pool.
class Accounts {
 public:
  virtual ~Accounts() = default;
  // The grant's account, made by the first who asks. nullopt: none is to be made, and the gateway's own login serves.
  virtual Result<std::optional<Lease>> open(const config::Resource& resource, const Upstream& upstream,
                                            const grant::Grant& grant) = 0;
  // Takes it away again. Failing that, reap() will.
  virtual void close(std::string_view grant) = 0;
  // Removes what nobody closed: accounts of an earlier run of this gateway, and those of others whose time is long over.
  virtual Result<Done> reap(const config::Resource& resource, const Upstream& upstream) = 0;
};

}  // namespace narrowgate::credentials
