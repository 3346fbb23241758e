#include "protocol/postgres/warm.h"

#include <algorithm>

#include "base/limits.h"
#include "protocol/postgres/wire/messages_backend.h"

namespace narrowgate::postgres {

struct WarmUpstreams::Shelf {
  struct Kept {
    OpenedUpstream opened;
    MonoTime until;
    std::function<bool()> wanted;
  };
  using OfLoop = std::multimap<std::string, Kept>;

  explicit Shelf(const Clock& clock_) : clock(clock_) {}

  // Closed on its own loop, by whoever drops what this gives.
  std::vector<Kept> take_old(net::Loop& loop, bool all) {
    const std::lock_guard lock(mutex);
    std::vector<Kept> old;
    OfLoop& mine = loops[&loop];
    for (auto it = mine.begin(); it != mine.end();) {
      const bool good = !all && clock.mono() < it->second.until && it->second.wanted();
      if (!good) old.push_back(std::move(it->second));
      it = good ? std::next(it) : mine.erase(it);
    }
    size -= old.size();
    return old;
  }

  const Clock& clock;
  std::mutex mutex;
  std::map<net::Loop*, OfLoop> loops;
  std::size_t size = 0;
};

WarmUpstreams::WarmUpstreams(const Clock& clock) : shelf_(std::make_shared<Shelf>(clock)) {}

Task<std::optional<OpenedUpstream>> WarmUpstreams::take(net::Loop& loop, std::string key, std::size_t apart) {
  for (;;) {
    std::optional<Shelf::Kept> kept;
    {
      const std::lock_guard lock(shelf_->mutex);
      auto& mine = shelf_->loops[&loop];
      if (mine.count(key) < std::max<std::size_t>(apart, 1)) co_return std::nullopt;
      const auto found = mine.lower_bound(key);  // equal keys keep the order they came in
      kept = std::move(found->second);
      mine.erase(found);
      --shelf_->size;
    }
    const Result<Done> news = co_await kept->opened.stream->readable(Duration::zero());
    const bool silent = !news.ok() && news.error().code == Code::timed_out;
    if (silent && kept->wanted()) co_return std::move(kept->opened);
  }
}

void WarmUpstreams::keep(std::string key, OpenedUpstream opened, const Upstream::Warm& how) {
  net::Loop& loop = opened.stream->loop();
  const std::lock_guard lock(shelf_->mutex);
  auto& mine = shelf_->loops[&loop];
  if (shelf_->size >= warm_max || mine.count(key) >= warm_per_grant_max) return;
  mine.emplace(std::move(key), Shelf::Kept{std::move(opened), shelf_->clock.mono() + how.keep, how.wanted});
  ++shelf_->size;
}

void WarmUpstreams::look() { drop(false); }
void WarmUpstreams::clear() { drop(true); }

void WarmUpstreams::drop(bool all) {
  const std::lock_guard lock(shelf_->mutex);
  for (const auto& [loop, kept] : shelf_->loops)
    if (!kept.empty()) loop->post([shelf = shelf_, on = loop, all] { (void)shelf->take_old(*on, all); });
}

std::size_t WarmUpstreams::size() const {
  const std::lock_guard lock(shelf_->mutex);
  return shelf_->size;
}

std::string warm_key(const Upstream& upstream, const std::vector<Setting>& settings) {
  const Lease& as = upstream.account ? *upstream.account : upstream.lease;
  std::string out = fmt::format("{}\n{}\n{}\n{}\n", upstream.warm->grant, upstream.resource, upstream.database, as.user);
  for (const Setting& setting : settings)
    if (setting.name != "application_name") out += fmt::format("{}={}:{}\n", setting.name, setting.value.size(), setting.value);
  return out;
}

Task<Result<bool>> ask_alone(net::Stream& stream, std::string_view sql, Duration at_most) {
  Bytes question, buffer;
  frontend::write(question, frontend::Query{sql});
  NG_CO_TRY_VOID(co_await stream.write_all(question, at_most));
  BackendFrames frames(limits::own_answer_bytes_max);
  for (bool failed = false;;) {
    NG_CO_TRY(const auto frame, frames.next(buffer));
    if (frame) {
      failed = failed || frame->type == 'E';
      const bool ready = frame->type == 'Z';
      const bool idle = ready && frame->body.size() == 1 && frame->body[0] == 'I';
      buffer.erase(buffer.begin(), buffer.begin() + std::ptrdiff_t(frame->size));
      if (ready) co_return idle && !failed && buffer.empty();
      continue;
    }
    const std::size_t here = buffer.size();
    buffer.resize(here + 4096);
    NG_CO_TRY(const std::size_t read, co_await stream.read_some(std::span(buffer).subspan(here), at_most));
    buffer.resize(here + read);
  }
}

}  // namespace narrowgate::postgres
