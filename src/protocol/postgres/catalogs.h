// What the classifier knows of each upstream database: loaded once, shared by its sessions, looked at again when it may have
// changed.
//
// A snapshot is immutable; sessions take the current one per statement. It is taken anew after DDL that went through us, and when
// a cheap look (every catalog_look_every, while anybody is connected) says that somebody else changed something. Fails closed:
// without a catalog no session opens, and one that cannot be refreshed for catalog_stale_max is not used any more.
#pragma once

#include <atomic>
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

// How one source's catalog is read. Blocks; called by one thread at a time.
class CatalogReader {
 public:
  virtual ~CatalogReader() = default;
  // nullptr: nothing that matters has changed since this was called before.
  virtual Result<std::shared_ptr<const Catalog>> read(const Upstream& upstream) = 0;
};
using CatalogReaders = std::function<std::unique_ptr<CatalogReader>()>;
// Over a connection of their own, kept from one reading to the next.
CatalogReaders catalogs_from_upstream();

class CatalogSource {
 public:
  CatalogSource(std::unique_ptr<CatalogReader> reader, Upstream upstream, const Clock& clock)
      : reader_(std::move(reader)), clock_(clock), upstream_(std::move(upstream)) {}

  // nullptr: none that may be used any more.
  std::shared_ptr<const Catalog> current() const;
  // Is it `held`, which the caller keeps alive? Takes no lock.
  bool is_current(const Catalog* held) const;
  // The login's password may be a new one.
  void renew(const Upstream& upstream);
  // Reads it again if it looks changed, or there is none. Blocks. What somebody else began after this was asked for will do.
  Result<Done> look();
  // The same from a loop.
  Task<Result<Done>> look(net::Pool& pool, net::Loop& loop);

 private:
  Upstream upstream() const;

  const std::unique_ptr<CatalogReader> reader_;
  const Clock& clock_;
  std::mutex looking_;        // guards the reader and what follows
  MonoTime began_{};          // the last look that succeeded
  mutable std::mutex mutex_;  // guards what follows
  Upstream upstream_;
  std::shared_ptr<const Catalog> catalog_;
  std::atomic<const Catalog*> newest_{nullptr};  // catalog_, for is_current()
  std::atomic<MonoTime> fresh_{MonoTime()};
};

class Catalogs {
 public:
  Catalogs(net::Pool& pool, const Clock& clock, CatalogReaders readers = catalogs_from_upstream())
      : pool_(pool), clock_(clock), readers_(std::move(readers)) {}

  // The source for this upstream database and login, loaded.
  Task<Result<std::shared_ptr<CatalogSource>>> get(net::Loop& loop, const Upstream& upstream);
  // Looks at every source that a session still holds, and forgets the others. Every catalog_look_every; blocks.
  void look();

 private:
  std::shared_ptr<CatalogSource> source_for(const Upstream& upstream);
  net::Pool& pool_;
  const Clock& clock_;
  const CatalogReaders readers_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CatalogSource>> sources_;  // by resource, database, login
};

}  // namespace narrowgate::postgres
