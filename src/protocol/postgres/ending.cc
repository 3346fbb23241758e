// PostgresConversation: waiting, being cancelled, being ended; and what becomes of what was owed.
#include "base/limits.h"
#include "base/log.h"
#include "protocol/postgres/conversation.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

constexpr Duration kLookAtClientEvery = std::chrono::milliseconds(250);  // while a request is held
constexpr Duration kTimeLookMin = std::chrono::milliseconds(20), kTimeLookMax = std::chrono::seconds(1);
constexpr Duration kLastAnswersWait = std::chrono::seconds(2);  // for a client that left before its answer

}  // namespace

// ---- what was owed

Outcome PostgresConversation::outcome_of(const Debt& debt, bool ran) const {
  Outcome out;
  out.tag = debt.tag;
  out.sqlstate = debt.over_budget ? "53400" : debt.sqlstate;
  out.rows = debt.rows;
  out.bytes = debt.bytes;
  const bool writes = debt.statement && (debt.statement->writes_rows || debt.statement->copies_in);
  if (writes && out.sqlstate.empty()) out.rows_written = debt.rows;
  out.completed = ran;
  if (debt.mask) out.found = debt.mask->found();
  out.took = common_.clock.mono() - std::max(debt.since, settled_at_);
  return out;
}

void PostgresConversation::settled(const Debt& debt, bool ran) {
  name_settled(debt, ran);
  meaning_changed_by(debt, ran);
  if (debt.withhold_end) judged_ = Judged{debt, ran};
  else if (debt.request != 0) finished(debt, ran);
  progress_.set();
}

void PostgresConversation::finished(const Debt& debt, bool ran) {
  ears_->finished(debt.request, outcome_of(debt, ran));
  settled_at_ = common_.clock.mono();
}

void PostgresConversation::name_settled(const Debt& debt, bool ran) {
  const bool succeeded = ran && !debt.failed;
  switch (debt.kind) {
    case Kind::parse:
      if (debt.prepared == nullptr) return;  // ours
      if (succeeded) understanding_.state().prepared_by_protocol(debt.name, debt.prepared->text);
      names_.statements.settled(debt.name, debt.prepared, succeeded);
      if (ran && !succeeded && debt.name.empty())
        names_.statements.forget("");  // the server drops the old one before it looks at the new
      return;
    case Kind::bind:
      if (debt.portal == nullptr) return;  // ours
      if (succeeded && !debt.name.empty()) understanding_.state().portal_by_protocol(debt.name);
      return names_.portals.settled(debt.name, debt.portal, succeeded);
    case Kind::close:
      if (debt.closes_statement && succeeded) understanding_.state().closed_by_protocol(debt.name);
      return debt.closes_statement ? names_.statements.settled(debt.name, nullptr, succeeded)
                                   : names_.portals.settled(debt.name, nullptr, succeeded);
    default: return;
  }
}

// Even one that failed may have changed things on its way: prepared statements are not taken back.
void PostgresConversation::meaning_changed_by(const Debt& debt, bool ran) {
  if (!ran || !debt.statement || (debt.kind != Kind::query && debt.kind != Kind::execute)) return;
  const Statement& statement = *debt.statement;
  if (!debt.failed) understanding_.state().apply(statement.facts);
  if (!debt.failed) begin_cursors(debt);
  forget_names(statement.facts);
  if (statement.changes_meaning) meaning_changed_ = meaning_in_transaction_ = true;
  if (statement.ends_transaction && meaning_in_transaction_) meaning_changed_ = true;
  if (statement.defines) definitions_changed_ = definitions_in_transaction_ = true;
}

// What a message took from a cursor that it made counts for that cursor.
void PostgresConversation::begin_cursors(const Debt& debt) {
  for (const StatementFacts& one : debt.statement->facts)
    for (const Change& change : one.changes)
      if (change.what == Change::What::declare) names_.cursors.begin(change.name, {debt.rows, debt.bytes});
}

// What SQL did to the names that messages share with it: from now on they mean what the server says.
void PostgresConversation::forget_names(const std::vector<StatementFacts>& facts) {
  using What = Change::What;
  const auto forget = [](auto& names, const std::string& name) { name.empty() ? names.forget_all() : names.forget(name); };
  for (const StatementFacts& one : facts)
    for (const Change& change : one.changes) {
      const bool all = change.what == What::discard;
      if (all || change.what == What::prepare || change.what == What::deallocate)
        forget(names_.statements, all ? "" : change.name);
      if (all || change.what == What::declare || change.what == What::close) forget(names_.portals, all ? "" : change.name);
    }
}

void PostgresConversation::own_finished() { progress_.set(); }
void PostgresConversation::copy_begun() { progress_.set(); }

void PostgresConversation::transaction_status(char status) {
  if (status != 'I') return;
  names_.portals.forget_all();
  definitions_in_transaction_ = false;
  if (std::exchange(meaning_in_transaction_, false)) meaning_changed_ = true;  // a rollback takes settings back
}

// Functions, and an operator's ALTER ROLE, can change settings where no text says so.
void PostgresConversation::parameter_reported(std::string_view name) {
  if (changes_meaning(name)) meaning_changed_ = true;
}

void PostgresConversation::over_budget(const Debt&) { start_cancel(); }

// Cancels what runs for too long: the upstream's own statement_timeout is the client's to SET. Looks a few times within the
// limit, and goes home when nothing is asked for that long.
Task<void> PostgresConversation::watch_time(Duration shortest) {
  const Duration every = std::clamp<Duration>(shortest / 8, kTimeLookMin, kTimeLookMax);
  std::uint64_t turn = answers_.turn();
  MonoTime began = common_.clock.mono(), asked = began;
  while (!relay_ended_ && !closed_ && common_.clock.mono() - asked < shortest + every) {
    (void)co_await closing_.wait(every);
    const MonoTime now = common_.clock.mono();
    const Debt* head = answers_.head();
    if (head == nullptr || answers_.turn() != turn) began = now;
    if (head != nullptr) asked = now;
    turn = answers_.turn();
    const bool limited = head != nullptr && head->time_max.count() > 0 && !head->over_budget;
    if (limited && now - std::max(began, head->since) > head->time_max) answers_.over_time();
  }
  watching_time_ = false;
}

std::string limit_of(const Debt& debt, const Allowance& session) {
  if (session.rows == 0 || session.bytes == 0 || (debt.over_time && session.time <= debt.time_max))
    return "what was left of its budget";
  if (debt.over_time) return fmt::format("{} for one statement", format_duration(debt.time_max));
  return debt.rows_max != 0 && debt.rows_taken() >= debt.rows_max ? fmt::format("{} rows", debt.rows_max)
                                                                  : fmt::format("{} bytes", debt.bytes_max);
}

std::string PostgresConversation::limit_message(const Debt& debt, bool fatal) {
  Denial denial;
  denial.code = DenialCode::limit_exceeded;
  denial.message = fmt::format("the answer passed this task's limit of {}", limit_of(debt, allowance()));
  denial.hint = "Ask for less: a narrower WHERE clause, a LIMIT, fewer columns.";
  denial.retry = "narrower";
  Refusal refusal = refusal_for(denial, Moment::session);
  if (fatal) refusal.severity = Severity::fatal;
  Bytes out;
  write(out, refusal);
  return std::string(as_text(out));
}

// ---- waiting

Task<HoldEnd> PostgresConversation::wait(net::Event& decided, Duration at_most) {
  hold_ = &decided;
  const MonoTime until = at_most == Duration::max() ? MonoTime::max() : common_.clock.mono() + at_most;
  HoldEnd end = HoldEnd::timed_out;
  bool decided_now = false;
  while (end == HoldEnd::timed_out) {
    if (terminated_ || relay_ended_) end = HoldEnd::client_left;
    else if (cancel_asked_ || pin_failed_) end = HoldEnd::client_cancelled;
    else if (decided_now) end = HoldEnd::decided;
    if (end != HoldEnd::timed_out || common_.clock.mono() >= until) break;
    const Duration turn = std::min<Duration>(kLookAtClientEvery, until - common_.clock.mono());
    const net::Wake wake = co_await decided.wait(turn);
    decided_now = wake == net::Wake::fired;
    if (!decided_now && !co_await client_is_there()) end = HoldEnd::client_left;
  }
  hold_ = nullptr;
  co_return end;
}

// Reads what the client sends behind the held request; only so can it be seen to leave.
Task<bool> PostgresConversation::client_is_there() {
  const Result<Done> more = co_await reader_.read_ahead(Duration::zero());
  if (more.ok() || more.error().code == Code::timed_out) co_return true;
  const Error error = more.error();
  if (error.code == Code::too_large) co_await dismiss_client(client_, refusal_for(error, Moment::session));
  co_return false;
}

// ---- ending

void PostgresConversation::cancel() { start_cancel(); }

void PostgresConversation::cancelled_by_client() {
  cancel_asked_ = true;
  if (hold_ != nullptr) hold_->set();
  start_cancel();
}

void PostgresConversation::start_cancel() {
  if (upstream_ && !terminated_ && !relay_ended_ && !answers_.empty()) tasks_.start(cancel_running());
}

// At most one at a time: until it has arrived nothing new is sent upstream, so it covers whatever a second one could be for.
Task<void> PostgresConversation::cancel_running() {
  if (upstream_session_.cancel_key.empty() || std::exchange(cancelling_, true)) co_return;
  const Result<Done> cancelled =
      co_await cancel_upstream(client_.stream().loop(), common_.pool, upstream_at_, upstream_session_.process,
                               upstream_session_.cancel_key, limits::upstream_connect_deadline);
  if (!cancelled.ok())
    log_warning("upstream cancel failed", {{"resource", upstream_at_.resource}, {"why", cancelled.error().detail}});
  cancelling_ = false;
  progress_.set();
}

Task<void> PostgresConversation::cancel_then_close() {
  if (!answers_.empty()) co_await cancel_running();
  upstream_->close();
}

void PostgresConversation::terminate(const Denial& denial) {
  if (std::exchange(terminated_, true)) return;
  Refusal refusal = refusal_for(denial, ears_ != nullptr ? Moment::session : Moment::connect);
  refusal.severity = Severity::fatal;
  Bytes out;
  write(out, refusal);
  client_.last_words(as_text(out));
  client_.close();
  if (hold_ != nullptr) hold_->set();
  if (upstream_) tasks_.start(cancel_then_close());
}

// A client that left in the middle: what it asked may still be running, and writes may still commit, as they would have without
// us.
Task<void> PostgresConversation::close() {
  if (upstream_ && !std::exchange(closed_, true)) {
    bool kept = false;
    if (may_be_kept()) kept = co_await put_away();
    if (!terminated_ && !relay_ended_) co_await last_answers();
    terminated_ = true;
    if (!kept) co_await cancel_then_close();
  }
  client_.close();
  closing_.set();
  co_await tasks_.join();
  answers_.abandon();  // what was forwarded to an upstream already gone
  if (!cancel_key_.secret.empty()) common_.cancel_keys.drop(cancel_key_);
}

// Says goodbye upstream, and waits a little for what is still owed.
Task<void> PostgresConversation::last_answers() {
  const MonoTime until = common_.clock.mono() + kLastAnswersWait;
  frontend::write(out_, frontend::Terminate{});
  (void)co_await flush(kLastAnswersWait);
  while (!answers_.empty() && !relay_ended_ && !terminated_ && common_.clock.mono() < until)
    (void)co_await progress_.wait(kLastAnswersWait);
}

}  // namespace narrowgate::postgres
