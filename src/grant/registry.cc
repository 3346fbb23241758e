#include "grant/registry.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace narrowgate::grant {
namespace {

SessionFacts facts_of(const Grant& grant) {
  return {"", grant.id, grant.task, grant.agent, grant.resource, grant.owner, grant.on_behalf_of, grant.epoch};
}

Error refused(std::string detail) { return {Code::refused, Blame::client, std::move(detail)}; }

void sort_unique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

// ---- epoch, and what it shuts out

void Registry::start_at(std::uint64_t epoch) {
  const std::scoped_lock lock(mutex_);
  NG_CHECK(grants_.empty());
  epoch_ = std::max(epoch_.load(), epoch);
}

void Registry::remember(const Selector& selector, std::uint64_t epoch, MonoTime now) {
  revocations_.push_back({selector, epoch, now});
  while (now - revocations_.front().accepted > limits::grant_life_max) {
    forgotten_epoch_ = revocations_.front().epoch;
    revocations_.pop_front();
  }
}

Result<Done> Registry::admissible(const SessionFacts& facts) const {
  if (suspended_agents_.contains(facts.agent))
    return refused(fmt::format("agent {} is suspended; restore it first", facts.agent));
  if (facts.epoch < forgotten_epoch_)
    return refused(
        fmt::format("grant {} is of epoch {}, which is too old to be checked; ask for a new one", facts.grant, facts.epoch));
  for (const auto& revocation : revocations_)
    if (revocation.epoch > facts.epoch && matches(revocation.selector, facts))
      return refused(
          fmt::format("{} was revoked at epoch {}; ask for a new grant", to_string(revocation.selector), revocation.epoch));
  return Done{};
}

// ---- grants and sessions

Result<std::shared_ptr<LiveGrant>> Registry::issue(Grant grant) {
  const auto now = clock_.mono();
  const auto left = std::min<Duration>(grant.not_after - clock_.wall(), limits::grant_life_max);
  if (left.count() <= 0) return refused(fmt::format("grant {} is already over", grant.id));
  NG_CHECK(grant.state == GrantState::active || grant.state == GrantState::pending);
  const std::scoped_lock lock(mutex_);
  NG_TRY_VOID(admissible(facts_of(grant)));
  auto id = grant.id;
  auto live = std::make_shared<LiveGrant>(std::move(grant), now, now + left);
  if (!grants_.emplace(std::move(id), live).second)
    return Error{Code::conflict, Blame::gateway, fmt::format("grant {} is live already", live->grant().id)};
  return live;
}

std::shared_ptr<LiveGrant> Registry::find(std::string_view grant) const {
  const std::scoped_lock lock(mutex_);
  const auto found = grants_.find(grant);
  return found == grants_.end() ? nullptr : found->second;
}

void Registry::close(std::string_view grant) {
  const std::scoped_lock lock(mutex_);
  end({find_all({Target::grant, std::string(grant)}).grants, {}}, GrantEvent::close);
}

Result<std::unique_ptr<LiveSession>> Registry::enter(std::string_view session, std::shared_ptr<LiveGrant> grant,
                                                     std::function<void(const Kill&)> kill) {
  auto facts = facts_of(grant->grant());
  facts.session = session;
  const std::scoped_lock lock(mutex_);
  NG_TRY_VOID(admissible(facts));
  if (is_final(grant->state()) || grant->over(clock_.mono()) || !grants_.contains(facts.grant))
    return refused(fmt::format("grant {} is {}; ask for a new one", facts.grant,
                               is_final(grant->state()) ? to_string(grant->state()) : "over"));
  auto entry = std::make_shared<SessionEntry>(std::move(facts), std::move(grant), std::move(kill));
  if (!sessions_.emplace(std::string(session), entry).second)
    return Error{Code::conflict, Blame::gateway, fmt::format("session {} is live already", session)};
  return std::make_unique<LiveSession>(*this, std::move(entry));
}

void Registry::leave(const SessionEntry& entry) {
  const std::scoped_lock lock(mutex_);
  sessions_.erase(entry.facts().session);
}

std::vector<SessionFacts> Registry::sessions(const Selector& selector) const {
  const std::scoped_lock lock(mutex_);
  return report(find_all(selector)).sessions;
}

// ---- taking back

Registry::Found Registry::find_all(const Selector& selector) const {
  Found found;
  for (const auto& [id, grant] : grants_)
    if (matches(selector, facts_of(grant->grant()))) found.grants.push_back(grant);
  for (const auto& [id, entry] : sessions_)
    if (matches(selector, entry->facts())) found.entries.push_back(entry);
  return found;
}

void Registry::end(const Found& found, GrantEvent event) {
  for (const auto& grant : found.grants) {
    grant->apply(event);
    if (!is_final(grant->state())) continue;
    denials_.erase(grant->grant().task);
    grants_.erase(grant->grant().id);
  }
}

Revoked Registry::report(const Found& found) {
  Revoked out;
  for (const auto& grant : found.grants) {
    out.grants.push_back(grant->grant().id);
    out.tasks.push_back(grant->grant().task);
  }
  for (const auto& entry : found.entries) {
    out.sessions.push_back(entry->facts());
    out.upstreams_busy += entry->busy() ? 1 : 0;
  }
  sort_unique(out.tasks);
  sort_unique(out.grants);
  return out;
}

Revoked Registry::stop(const Found& found, const Kill& why) const {
  auto out = report(found);
  out.epoch = why.epoch;
  out.stop = std::make_shared<Stop>(why.accepted, clock_);
  for (const auto& entry : found.entries) entry->kill(why, out.stop);
  out.stop->all_told();
  return out;
}

Revoked Registry::preview(const Selector& selector) const {
  const std::scoped_lock lock(mutex_);
  auto out = report(find_all(selector));
  out.epoch = epoch_;
  return out;
}

Revoked Registry::revoke(const Selector& selector, std::string reason, KillCause cause, std::uint64_t epoch) {
  const auto now = clock_.mono();
  Found found;
  Kill why{cause, std::move(reason), 0, now};
  {
    const std::scoped_lock lock(mutex_);
    why.epoch = std::max(epoch_.load() + 1, epoch);
    epoch_ = why.epoch;
    remember(selector, why.epoch, now);
    found = find_all(selector);
    end(found, GrantEvent::revoke);
  }
  return stop(found, why);
}

void Registry::suspend_agent(std::string_view agent) {
  const std::scoped_lock lock(mutex_);
  suspended_agents_.emplace(agent);
}

void Registry::restore_agent(std::string_view agent) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = suspended_agents_.find(agent); found != suspended_agents_.end()) suspended_agents_.erase(found);
}

bool Registry::agent_suspended(std::string_view agent) const {
  const std::scoped_lock lock(mutex_);
  return suspended_agents_.contains(agent);
}

std::size_t Registry::suspend(const Selector& selector) {
  const std::scoped_lock lock(mutex_);
  std::size_t changed = 0;
  for (const auto& grant : find_all(selector).grants) changed += grant->apply(GrantEvent::suspend) ? 1 : 0;
  return changed;
}

std::size_t Registry::resume(const Selector& selector) {
  const std::scoped_lock lock(mutex_);
  std::size_t changed = 0;
  for (const auto& grant : find_all(selector).grants) changed += grant->apply(GrantEvent::resume) ? 1 : 0;
  return changed;
}

// ---- time and use

Revoked Registry::sweep() {
  const auto now = clock_.mono();
  Found found;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, entry] : sessions_)
      if (entry->busy()) entry->grant()->touch(now);  // a long query is not idleness
    for (const auto& [id, grant] : grants_)
      if (grant->over(now)) found.grants.push_back(grant);
    end({found.grants, {}}, GrantEvent::expire);
    for (const auto& [id, entry] : sessions_)
      if (is_final(entry->grant()->state()) && !entry->killed()) found.entries.push_back(entry);
  }
  return stop(found, {KillCause::expired, "the grant's time is over", 0, now});
}

Revoked Registry::exhaust(std::string_view grant) {
  const auto now = clock_.mono();
  Found found;
  {
    const std::scoped_lock lock(mutex_);
    found = find_all({Target::grant, std::string(grant)});
    end(found, GrantEvent::exhaust);
  }
  return stop(found, {KillCause::exhausted, "the grant's budget is used up", 0, now});
}

bool Registry::denied(std::string_view task) {
  if (burst_.count_max == 0) return false;
  const auto now = clock_.mono();
  {
    const std::scoped_lock lock(mutex_);
    if (find_all({Target::task, std::string(task)}).grants.empty()) return false;
    auto& times = denials_[std::string(task)];
    times.push_back(now);
    while (now - times.front() > burst_.window) times.pop_front();
    if (times.size() <= burst_.count_max) return false;
    times.clear();
  }
  return suspend({Target::task, std::string(task)}) > 0;
}

}  // namespace narrowgate::grant
