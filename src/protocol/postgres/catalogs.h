// What the classifier knows of each upstream database: loaded once, shared by its sessions, looked at again when it may have
// changed.
//
// A snapshot is immutable; sessions take the current one per statement. It is taken anew after DDL that went through us, and when
// a cheap look (every catalog_look_every, while anybody is connected) says that somebody else changed something. Fails closed:
// without a catalog no session opens, and one that cannot be refreshed for catalog_stale_max is not used any more.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "credentials/lease.h"
#include "net/loop.h"
#include "protocol/postgres/sql/catalog.h"

namespace narrowgate::postgres {

inline constexpr auto catalog_look_every = std::chrono::seconds(2);
inline constexpr auto catalog_stale_max = std::chrono::seconds(60);

// How a catalog is read. Both block.
struct CatalogReader {
  std::function<Result<std::shared_ptr<const Catalog>>(const Upstream&)> load;
  std::function<Result<std::string>(const Upstream&)> version;  // what Catalog::version() would be now
};
CatalogReader catalogs_from_upstream();

class CatalogSource {
 public:
  CatalogSource(const CatalogReader& reader, Upstream upstream, const Clock& clock)
      : reader_(reader), clock_(clock), upstream_(std::move(upstream)) {}

  // nullptr: none that may be used any more.
  std::shared_ptr<const Catalog> current() const;
  // The login's password may be a new one.
  void renew(const Upstream& upstream);
  // Reads it again now, whatever it looks like. On the background pool: blocks.
  Result<Done> load();
  // The same from a loop.
  Task<Result<Done>> reload(net::Pool& pool, net::Loop& loop);
  // Reads it again if it looks changed. Blocks.
  Result<Done> look();

 private:
  Upstream upstream() const;

  const CatalogReader& reader_;
  const Clock& clock_;
  std::mutex loading_;        // one connection at a time
  mutable std::mutex mutex_;  // guards what follows
  Upstream upstream_;
  std::shared_ptr<const Catalog> catalog_;
  MonoTime fresh_{};
};

class Catalogs {
 public:
  Catalogs(net::Pool& pool, const Clock& clock, CatalogReader reader = catalogs_from_upstream())
      : pool_(pool), clock_(clock), reader_(std::move(reader)) {}

  // The source for this upstream database and login, loaded.
  Task<Result<std::shared_ptr<CatalogSource>>> get(net::Loop& loop, const Upstream& upstream);
  // Looks at every source that a session still holds, and forgets the others. Every catalog_look_every; blocks.
  void look();

 private:
  std::shared_ptr<CatalogSource> source_for(const Upstream& upstream);
  net::Pool& pool_;
  const Clock& clock_;
  const CatalogReader reader_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CatalogSource>> sources_;  // by resource, database, login
};

}  // namespace narrowgate::postgres
