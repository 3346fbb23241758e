#include "grant/live.h"

#include "grant/registry.h"

namespace narrowgate::grant {

LiveGrant::LiveGrant(Grant grant, MonoTime now, MonoTime ends)
    : grant_(std::move(grant)),
      budgeted_(grant_.budget != Budget{}),
      ends_(ends),
      state_(grant_.state),
      last_use_(now.time_since_epoch().count()) {}

MonoTime LiveGrant::idle_ends() const {
  return MonoTime(MonoTime::duration(last_use_.load(std::memory_order_relaxed))) + grant_.idle_timeout;
}

Spent LiveGrant::charge(const Use& use) {
  rows_read_.fetch_add(use.rows_read, std::memory_order_relaxed);
  rows_written_.fetch_add(use.rows_written, std::memory_order_relaxed);
  bytes_.fetch_add(use.bytes, std::memory_order_relaxed);
  uses_.fetch_add(use.uses, std::memory_order_relaxed);
  time_ns_.fetch_add(use.time.count(), std::memory_order_relaxed);
  return spent() ? Spent::exhausted : Spent::within;
}

bool LiveGrant::spent() const {
  const auto reached = [](const std::atomic<std::uint64_t>& used, const std::optional<std::uint64_t>& most) {
    return most && used.load(std::memory_order_relaxed) >= *most;
  };
  const Budget& most = grant_.budget;
  return reached(rows_read_, most.rows_read) || reached(rows_written_, most.rows_written) || reached(bytes_, most.bytes) ||
         reached(uses_, most.uses) || (most.time && time() >= *most.time);
}

std::chrono::milliseconds LiveGrant::time() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::nanoseconds(time_ns_.load(std::memory_order_relaxed)));
}

Budget LiveGrant::used() const { return {rows_read_.load(), rows_written_.load(), bytes_.load(), uses_.load(), time()}; }

Budget LiveGrant::left() const {
  if (!budgeted_) return {};
  const auto left = [](const std::atomic<std::uint64_t>& used, const std::optional<std::uint64_t>& most) {
    const std::uint64_t now = used.load(std::memory_order_relaxed);
    return most ? std::optional(*most > now ? *most - now : 0) : std::nullopt;
  };
  const Budget& most = grant_.budget;
  return {left(rows_read_, most.rows_read), left(rows_written_, most.rows_written), left(bytes_, most.bytes),
          left(uses_, most.uses),
          most.time ? std::optional(std::max(*most.time - time(), std::chrono::milliseconds(0))) : std::nullopt};
}

bool LiveGrant::apply(GrantEvent event) {
  auto from = state_.load(std::memory_order_acquire);
  for (;;) {
    const auto to = next(from, event);
    if (!to) return false;
    if (state_.compare_exchange_weak(from, *to, std::memory_order_acq_rel)) return true;
  }
}

SessionEntry::SessionEntry(SessionFacts facts, std::shared_ptr<LiveGrant> grant, std::function<void(const Kill&)> kill)
    : facts_(std::move(facts)), grant_(std::move(grant)), kill_(std::move(kill)) {}

// kill() writes killed_ and then reads busy_; here it is the other way round, and both in one total order: of a race at least one
// side sees the other, so a stop never waits for an upstream that has already come to rest.
void SessionEntry::upstream_busy(bool busy) {
  busy_.store(busy);
  if (!busy && killed_.load()) upstream_cancelled();
}

void SessionEntry::client_closed() {
  const std::scoped_lock lock(mutex_);
  if (!std::exchange(client_open_, false)) return;
  for (const auto& waiting : stops_) waiting.stop->client_closed();
}

void SessionEntry::upstream_cancelled() {
  const std::scoped_lock lock(mutex_);
  busy_.store(false);
  for (auto& waiting : stops_)
    if (std::exchange(waiting.for_upstream, false)) waiting.stop->upstream_cancelled();
}

void SessionEntry::leave() {
  {
    const std::scoped_lock lock(mutex_);
    kill_ = nullptr;
  }
  client_closed();
  upstream_cancelled();
}

void SessionEntry::kill(const Kill& why, const std::shared_ptr<Stop>& stop) {
  const std::scoped_lock lock(mutex_);
  if (!kill_ || !client_open_) return;
  const bool first = !killed_.exchange(true);
  const bool for_upstream = busy_.load();
  stop->told(for_upstream);
  stops_.push_back({stop, for_upstream});
  if (first) kill_(why);
}

LiveSession::~LiveSession() {
  entry_->leave();
  registry_.leave(*entry_);
}

}  // namespace narrowgate::grant
