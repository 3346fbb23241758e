#include "approval/approvals.h"

#include <fmt/format.h>

#include <algorithm>

#include "approval/duties.h"
#include "approval/listeners.h"
#include "approval/row.h"
#include "base/check.h"
#include "base/id.h"

namespace narrowgate::approval {
namespace {

// Each lost race means that somebody else got on; so many in a row mean that something is wrong.
constexpr int kRacesMax = 100'000;

std::chrono::milliseconds window(const OperationFacts& facts) {
  return facts.wait.count() > 0 ? facts.wait : std::chrono::milliseconds(limits::hold_default);
}

WallTime good_until(const OperationFacts& facts, std::optional<WallTime> wanted, WallTime now) {
  if (!facts.ttl) return wanted.value_or(now + window(facts));
  return std::min(wanted.value_or(WallTime::max()), now + *facts.ttl);
}

WallTime end_of(const OperationFacts& facts, WallTime wanted) {
  return facts.not_after ? std::min(wanted, *facts.not_after) : wanted;
}

// From now on it is over: says so, and why.
void end(Approval& approval, Event event, std::string_view because) {
  const auto to = next(approval.state, event);
  NG_CHECK(to && is_final(*to));
  approval.state = *to;
  approval.ended_because = because;
}

bool lapsed(const Approval& approval, WallTime now) { return !is_final(approval.state) && now >= approval.expires; }

void lapse(Approval& approval) {
  end(approval, Event::expire, approval.state == State::pending ? "nobody decided in time" : "it was not used in time");
}

// What all who agreed would allow: the least of each.
void settle(Approval& approval, WallTime now) {
  std::uint64_t uses = uses_max;
  std::optional<WallTime> until;
  for (const Vote& vote : approval.votes) {
    if (!vote.agreed) continue;
    uses = std::min(uses, vote.terms.reach == Reach::once ? 1 : vote.terms.uses);
    if (vote.terms.until) until = until ? std::min(*until, *vote.terms.until) : *vote.terms.until;
    if (vote.terms.ceiling) approval.ceiling = meet(approval.ceiling, *vote.terms.ceiling);
  }
  approval.uses_left = uses;
  approval.expires = end_of(approval.facts, good_until(approval.facts, until, now));
  approval.decided = now;
}

void count_agreement(Approval& approval, WallTime now) {
  const bool enough = approval.agreed() >= approval.facts.quorum;
  const auto to = next(approval.state, enough ? Event::quorum : Event::vote);
  NG_CHECK(to);
  approval.state = *to;
  if (enough) settle(approval, now);
}

ClaimFailure failure_of(State state) {
  switch (state) {
    case State::pending: return ClaimFailure::pending;
    case State::denied: return ClaimFailure::denied;
    case State::expired: return ClaimFailure::expired;
    case State::withdrawn:
    case State::revoked: return ClaimFailure::revoked;
    case State::consumed: return ClaimFailure::used_up;
    case State::mismatch: return ClaimFailure::mismatch;
    case State::approved: break;
  }
  NG_CHECK(false);
}

void take_one(Approval& approval) {
  NG_CHECK(approval.uses_left > 0);
  approval.uses_left -= 1;
  if (approval.uses_left > 0) return;
  approval.state = *next(approval.state, Event::claim_last);
  approval.ended_because = "used";
}

Claimed claimed(const Approval& approval) {
  Claimed out{approval.ceiling, {}, approval.uses_left};
  for (const Vote& vote : approval.votes)
    if (vote.agreed) out.approvers.push_back(vote.person);
  return out;
}

store::ApprovalFilter rows_of(const grant::Selector& selector) {
  store::ApprovalFilter filter;
  using grant::Target;
  switch (selector.target) {
    case Target::agent: filter.agent = selector.name; break;
    case Target::task: filter.task = selector.name; break;
    case Target::grant: filter.grant = selector.name; break;
    case Target::resource: filter.resource = selector.name; break;
    case Target::session: filter.session = selector.name; break;
    case Target::person: filter.person = selector.name; break;
    case Target::all: break;
  }
  return filter;
}

const std::vector<std::string> kLive = {"pending", "approved"};

}  // namespace

std::string_view to_string(ClaimFailure failure) {
  switch (failure) {
    case ClaimFailure::not_found: return "not found";
    case ClaimFailure::pending: return "not decided yet";
    case ClaimFailure::denied: return "denied";
    case ClaimFailure::expired: return "expired";
    case ClaimFailure::revoked: return "taken back";
    case ClaimFailure::used_up: return "used up";
    case ClaimFailure::mismatch: return "for a different operation";
    case ClaimFailure::other_grant: return "for another grant";
  }
  return "unknown";
}

Approvals::Approvals(store::Approvals& rows, const Clock& clock, MayDecide may_decide)
    : rows_(rows),
      clock_(clock),
      may_decide_(std::move(may_decide)),
      started_wall_(clock.wall()),
      started_mono_(clock.mono()),
      listeners_(std::make_shared<Listeners>()) {}
Approvals::~Approvals() = default;

// Never behind what the monotonic clock says has passed: setting the wall clock back makes nothing last longer. In milliseconds,
// as the store keeps them.
WallTime Approvals::now() const {
  const WallTime passed = started_wall_ + (clock_.mono() - started_mono_);
  return from_unix_ms(unix_ms(std::max(clock_.wall(), passed)));
}

// ---- asking

Result<std::optional<Refusal>> Approvals::remembered_denial(const std::string& operation) {
  NG_TRY(const auto row, rows_.denied(operation, now() - limits::denial_remembered));
  if (!row) return std::optional<Refusal>();
  NG_TRY(const Approval denied, from_row(*row));
  Refusal out{Refusal::Why::denied_before, denied.id, "", "", fmt::format("{} denied the same operation", denied.id)};
  for (const Vote& vote : denied.votes)
    if (!vote.agreed) out.by_reason = vote.reason, out.words = vote.words;
  return std::optional<Refusal>(std::move(out));
}

Result<Requested> Approvals::request(const OperationFacts& facts) {
  if (const auto why = unfit(facts))
    return Requested{
        {},
        false,
        Refusal{why->why == Unfit::Why::too_large ? Refusal::Why::too_large : Refusal::Why::nobody_may, "", "", "", why->detail}};
  NG_TRY(auto denied, remembered_denial(operation_key(facts)));
  if (denied) return Requested{{}, false, std::move(denied)};

  const WallTime created = now();
  Approval wanted{new_id(IdKind::approval, created),
                  State::pending,
                  op_digest(facts.operation),
                  facts,
                  {},
                  facts.operation.enforced,
                  0,
                  created,
                  end_of(facts, created + window(facts)),
                  {},
                  ""};
  for (int race = 0; race < kRacesMax; ++race) {
    const auto added = rows_.add(to_row(wanted, 1), limits::holds_pending_max);
    if (!added.ok() && added.error().code == Code::refused) {
      NG_TRY(const std::size_t made_room, expire_due());
      if (made_room > 0) continue;
      return Requested{{}, false, Refusal{Refusal::Why::too_many, "", "", "", added.error().detail}};
    }
    if (!added.ok()) return added.error();
    NG_TRY(Approval there, from_row(added->row));
    if (added->fresh) tell(there, State::pending, true);
    if (added->fresh || !lapsed(there, now())) return Requested{std::move(there), added->fresh, {}};
    NG_TRY_VOID(
        change(there.id, [](Approval&) -> Result<bool> { return false; }));  // expires it; then there is room for a new one
  }
  return Error{Code::unavailable, Blame::gateway, fmt::format("approval for {}: too much going on; try again", facts.decision)};
}

// ---- changing

template <class Step>
Result<Approvals::Stepped> Approvals::change(std::string_view id, Step step) {
  for (int race = 0; race < kRacesMax; ++race) {
    NG_TRY(const auto row, rows_.find(id));
    if (!row) return Error{Code::not_found, Blame::client, fmt::format("approval {} does not exist", id)};
    NG_TRY(Approval approval, from_row(*row));
    const State from = approval.state;
    const bool over = lapsed(approval, now());
    if (over) lapse(approval);
    NG_TRY(const bool stepped, step(approval));
    if (!over && !stepped) return Stepped{std::move(approval), false};
    const auto swapped = rows_.replace(to_row(approval, row->version));
    if (swapped.ok()) {
      tell(approval, from, false);
      return Stepped{std::move(approval), stepped};
    }
    if (swapped.error().code != Code::conflict) return swapped.error();
  }
  return Error{Code::unavailable, Blame::gateway, fmt::format("approval {}: too much going on; try again", id)};
}

Result<Done> Approvals::may_decide(const Approver& person, const Approval& approval) const {
  NG_TRY_VOID(check_duties(person, approval));
  return may_decide_ ? may_decide_(person, approval) : Done{};
}

Result<Done> Approvals::check_vote(const Approval& approval, std::string_view digest, const Vote& vote,
                                   const Approver& person) const {
  if (approval.state != State::pending)
    return Error{Code::conflict, Blame::client, fmt::format("approval {} is {} already", approval.id, to_string(approval.state))};
  if (approval.digest != digest)
    return Error{Code::conflict, Blame::client,
                 fmt::format("approval {} is for {}, not for what you were shown; look again", approval.id, approval.digest)};
  if (vote.words.size() > words_bytes_max)
    return Error{Code::too_large, Blame::client, fmt::format("at most {} bytes of words are passed on", words_bytes_max)};
  NG_TRY_VOID(check_terms(vote.terms, approval.facts, now()));
  NG_TRY_VOID(may_decide(person, approval));
  const bool again = vote.agreed && std::any_of(approval.votes.begin(), approval.votes.end(),
                                                [&](const Vote& other) { return other.agreed && other.person == vote.person; });
  if (again)
    return Error{Code::conflict, Blame::client,
                 fmt::format("{} has agreed to {} already; somebody else is needed", vote.person, approval.id)};
  return Done{};
}

Result<Approval> Approvals::vote(std::string_view id, std::string_view digest, const Approver& person, Vote vote) {
  vote.person = person.name;
  vote.digest = digest;
  vote.phishing_resistant = person.phishing_resistant;
  std::optional<Error> refused;
  auto stepped = change(id, [&](Approval& approval) -> Result<bool> {
    refused.reset();
    if (auto checked = check_vote(approval, digest, vote, person); !checked.ok())
      return refused = std::move(checked).error(), false;
    vote.at = now();
    approval.votes.push_back(vote);
    if (vote.agreed) {
      count_agreement(approval, vote.at);
    } else {
      end(approval, Event::deny, fmt::format("denied by {}", vote.person));
      approval.decided = vote.at;
    }
    return true;
  });
  if (!stepped.ok()) return std::move(stepped).error();
  if (refused) return *std::move(refused);
  return std::move(stepped->approval);
}

Result<Approval> Approvals::approve(std::string_view id, std::string_view digest, const Approver& person,
                                    const Approve& approve) {
  Vote vote;
  vote.words = approve.words;
  vote.terms = approve.terms;
  return this->vote(id, digest, person, std::move(vote));
}

Result<Approval> Approvals::deny(std::string_view id, std::string_view digest, const Approver& person, const Deny& deny) {
  Vote vote;
  vote.agreed = false;
  vote.words = deny.words;
  vote.reason = to_string(deny.reason);
  return this->vote(id, digest, person, std::move(vote));
}

// ---- taking

Result<Claim> Approvals::claim(std::string_view id, std::string_view digest, std::string_view grant) {
  Claim out;
  const auto fail = [&out](ClaimFailure failure) { return out.claimed.reset(), out.failure = failure, false; };
  const auto stepped = change(id, [&](Approval& approval) -> Result<bool> {
    if (approval.facts.operation.grant != grant) return fail(ClaimFailure::other_grant);
    if (approval.state != State::approved) return fail(failure_of(approval.state));
    if (approval.digest != digest) {
      end(approval, Event::differ, "what came to be executed was not what was approved");
      return fail(ClaimFailure::mismatch), true;
    }
    take_one(approval);
    out.claimed = claimed(approval);
    return true;
  });
  if (!stepped.ok() && stepped.error().code == Code::not_found) return Claim{{}, ClaimFailure::not_found};
  if (!stepped.ok()) return stepped.error();  // Fails closed: whether it was taken is not known, so it is not run.
  return out;
}

Result<Done> Approvals::withdraw(std::string_view id, std::string_view why) {
  NG_TRY_VOID(change(id, [&](Approval& approval) -> Result<bool> {
    if (is_final(approval.state)) return false;
    return end(approval, Event::withdraw, why), true;
  }));
  return Done{};
}

Result<std::size_t> Approvals::revoke(const grant::Selector& selector, std::string_view why) {
  auto filter = rows_of(selector);
  if (selector.target != grant::Target::all && selector.name.empty()) return std::size_t(0);
  filter.states = kLive;
  filter.limit = limits::holds_pending_max;
  std::size_t total = 0;
  for (;;) {
    NG_TRY(const auto rows, rows_.list(filter));
    std::size_t ended = 0;
    for (const auto& row : rows) {
      NG_TRY(const auto stepped, change(row.id, [&](Approval& approval) -> Result<bool> {
               if (is_final(approval.state)) return false;
               return end(approval, Event::revoke, why), true;
             }));
      ended += stepped.stepped ? 1 : 0;
    }
    total += ended;
    if (rows.empty() || ended == 0) return total;
  }
}

Result<std::size_t> Approvals::expire_due() {
  store::ApprovalFilter filter;
  filter.states = kLive;
  filter.expired_by = now();
  filter.limit = limits::holds_pending_max;
  NG_TRY(const auto rows, rows_.list(filter));
  for (const auto& row : rows) NG_TRY_VOID(change(row.id, [](Approval&) -> Result<bool> { return false; }));
  return rows.size();
}

// ---- looking

Result<std::vector<Approval>> Approvals::read(const store::ApprovalFilter& filter) {
  NG_TRY(const auto rows, rows_.list(filter));
  std::vector<Approval> out;
  for (const auto& row : rows) {
    NG_TRY(Approval approval, from_row(row));
    if (lapsed(approval, now())) lapse(approval);
    out.push_back(std::move(approval));
  }
  return out;
}

Result<Approval> Approvals::show(std::string_view id) {
  NG_TRY(const auto row, rows_.find(id));
  if (!row) return Error{Code::not_found, Blame::client, fmt::format("approval {} does not exist", id)};
  NG_TRY(Approval approval, from_row(*row));
  if (lapsed(approval, now())) lapse(approval);
  return approval;
}

Result<std::optional<Approval>> Approvals::live(std::string_view digest) {
  NG_TRY(const auto row, rows_.live(digest));
  if (!row) return std::optional<Approval>();
  NG_TRY(Approval approval, from_row(*row));
  if (lapsed(approval, now())) return std::optional<Approval>();
  return std::optional<Approval>(std::move(approval));
}

Result<std::vector<Approval>> Approvals::list(const Filter& filter) {
  store::ApprovalFilter rows;
  for (const State state : filter.states) rows.states.emplace_back(to_string(state));
  // What the store still calls live may have expired since.
  if (std::find(filter.states.begin(), filter.states.end(), State::expired) != filter.states.end())
    rows.states.insert(rows.states.end(), kLive.begin(), kLive.end());
  rows.task = filter.task;
  rows.agent = filter.agent;
  rows.resource = filter.resource;
  rows.limit = limits::holds_pending_max;
  NG_TRY(auto found, read(rows));
  std::erase_if(found, [&](const Approval& approval) {
    const bool other_state =
        !filter.states.empty() && std::find(filter.states.begin(), filter.states.end(), approval.state) == filter.states.end();
    const auto& groups = approval.facts.groups;
    return other_state || (filter.group && std::find(groups.begin(), groups.end(), *filter.group) == groups.end());
  });
  if (found.size() > filter.limit) found.erase(found.begin() + std::ptrdiff_t(filter.limit), found.end());
  return found;
}

}  // namespace narrowgate::approval
