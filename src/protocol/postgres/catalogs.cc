#include "protocol/postgres/catalogs.h"

#include "base/log.h"
#include "protocol/postgres/questions.h"
#include "protocol/postgres/sql/catalog_load.h"

namespace narrowgate::postgres {
namespace {

constexpr int kReadsMax = 5;  // somebody else's DDL may make one stumble

class UpstreamReader final : public CatalogReader {
 public:
  Result<std::shared_ptr<const Catalog>> read(const Upstream& upstream) override {
    for (int left = kReadsMax;; --left) {
      if (!questions_) NG_TRY_VOID(connect(upstream));
      auto read = loader_.load([this](std::string_view sql) { return questions_->ask(sql); }, upstream.masking);
      if (read.ok() || left == 1) return read;
      questions_.reset();  // the upstream may only have closed what was idle
    }
  }

 private:
  Result<Done> connect(const Upstream& upstream) {
    loader_.forget();
    NG_TRY(questions_, Questions::open(upstream));
    return Done{};
  }

  std::unique_ptr<Questions> questions_;
  CatalogLoader loader_;
};

}  // namespace

CatalogReaders catalogs_from_upstream() {
  return [] { return std::make_unique<UpstreamReader>(); };
}

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
  return clock_.mono() - fresh_.load() > catalog_stale_max ? nullptr : catalog_;
}

bool CatalogSource::is_current(const Catalog* held) const {
  return held != nullptr && held == newest_.load(std::memory_order_acquire) && clock_.mono() - fresh_.load() <= catalog_stale_max;
}

Result<Done> CatalogSource::look() {
  const MonoTime asked = clock_.mono();
  const std::lock_guard one(looking_);
  if (began_ > asked) return Done{};
  const MonoTime begin = clock_.mono();
  NG_TRY(auto changed, reader_->read(upstream()));
  began_ = begin;
  const std::lock_guard lock(mutex_);
  if (changed) catalog_ = std::move(changed);
  newest_ = catalog_.get();
  fresh_ = begin;
  return Done{};
}

Task<Result<Done>> CatalogSource::look(net::Pool& pool, net::Loop& loop) {
  co_return co_await pool.run(loop, [this] { return look(); });
}

std::shared_ptr<CatalogSource> Catalogs::source_for(const Upstream& upstream) {
  Upstream login = upstream;  // not the account of one grant: this is for all of them
  login.account.reset();
  const std::string key = fmt::format("{}\n{}\n{}", upstream.resource, upstream.database, upstream.lease.user);
  const std::lock_guard lock(mutex_);
  auto& source = sources_[key];
  if (!source) source = std::make_shared<CatalogSource>(readers_(), std::move(login), clock_);
  else source->renew(login);
  return source;
}

Task<Result<std::shared_ptr<CatalogSource>>> Catalogs::get(net::Loop& loop, const Upstream& upstream) {
  std::shared_ptr<CatalogSource> source = source_for(upstream);
  if (source->current()) co_return source;
  NG_CO_TRY_VOID(co_await source->look(pool_, loop));
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
