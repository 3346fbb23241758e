// Finds the lease for a resource, and everything else a protocol needs to connect to it.
//
// Promises: TLS contexts are made once per resource; nothing here touches the network. A login kind that needs to (AWS) will be
// awaited on the background pool, off the byte path.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/config.h"
#include "credentials/lease.h"

namespace narrowgate::credentials {

class Sources {
 public:
  // Reads the CA files of every resource. All that is wrong, one line each.
  static Result<std::unique_ptr<Sources>> create(std::shared_ptr<const config::Config> config);

  // Everything but the application name. `database` empty: the resource's own.
  Result<Upstream> lease(const config::Resource& resource, const std::string& database) const;

 private:
  explicit Sources(std::map<std::string, Upstream, std::less<>> upstreams) : upstreams_(std::move(upstreams)) {}
  std::map<std::string, Upstream, std::less<>> upstreams_;
};

}  // namespace narrowgate::credentials
