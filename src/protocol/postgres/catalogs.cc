#include "protocol/postgres/catalogs.h"

#include "base/log.h"
#include "protocol/postgres/questions.h"
#include "protocol/postgres/sql/catalog_load.h"

namespace narrowgate::postgres {
namespace {

Result<std::shared_ptr<const Catalog>> load_from(const Upstream& upstream) {
  NG_TRY(const auto questions, Questions::open(upstream));
  return load_catalog([&](std::string_view sql) { return questions->ask(sql); });
}

Result<std::string> version_at(const Upstream& upstream) {
  NG_TRY(const auto questions, Questions::open(upstream));
  return catalog_version([&](std::string_view sql) { return questions->ask(sql); });
}

}  // namespace

CatalogReader catalogs_from_upstream() { return {load_from, version_at}; }

Upstream CatalogSource::upstream() const {
  const std::lock_guard lock(mutex_);
  return upstream_;
}

void CatalogSource::renew(const Upstream& upstream) {
  const std::lock_guard lock(mutex_);
  upstream_ = upstream;
}

std::shared_ptr<const Catalog> CatalogSource::current() const {
  const std::lock_guard lock(mutex_);
  return clock_.mono() - fresh_ > catalog_stale_max ? nullptr : catalog_;
}

Result<Done> CatalogSource::load() {
  const std::lock_guard one(loading_);
  NG_TRY(auto catalog, reader_.load(upstream()));
  const std::lock_guard lock(mutex_);
  catalog_ = std::move(catalog);
  fresh_ = clock_.mono();
  return Done{};
}

Task<Result<Done>> CatalogSource::reload(net::Pool& pool, net::Loop& loop) {
  co_return co_await pool.run(loop, [this] { return load(); });
}

Result<Done> CatalogSource::look() {
  std::string known;
  {
    const std::lock_guard lock(mutex_);
    if (catalog_) known = catalog_->version();
  }
  NG_TRY(const std::string now, reader_.version(upstream()));
  if (now != known) return load();
  const std::lock_guard lock(mutex_);
  fresh_ = clock_.mono();
  return Done{};
}

std::shared_ptr<CatalogSource> Catalogs::source_for(const Upstream& upstream) {
  const std::string key = fmt::format("{}\n{}\n{}", upstream.resource, upstream.database, upstream.lease.user);
  const std::lock_guard lock(mutex_);
  auto& source = sources_[key];
  if (!source) source = std::make_shared<CatalogSource>(reader_, upstream, clock_);
  else source->renew(upstream);
  return source;
}

Task<Result<std::shared_ptr<CatalogSource>>> Catalogs::get(net::Loop& loop, const Upstream& upstream) {
  std::shared_ptr<CatalogSource> source = source_for(upstream);
  if (source->current()) co_return source;
  const Result<Done> loaded =
      co_await pool_.run(loop, [&source] { return source->current() ? Result<Done>(Done{}) : source->load(); });
  if (!loaded.ok()) co_return loaded.error();
  co_return source;
}

void Catalogs::look() {
  std::vector<std::shared_ptr<CatalogSource>> held;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(sources_, [](const auto& entry) { return entry.second.use_count() == 1; });
    for (const auto& [key, source] : sources_) held.push_back(source);
  }
  for (const auto& source : held)
    if (const Result<Done> looked = source->look(); !looked.ok())
      log_warning("catalog not refreshed", {{"why", looked.error().detail}});
}

}  // namespace narrowgate::postgres
