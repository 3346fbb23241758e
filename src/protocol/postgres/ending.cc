// PostgresConversation: waiting, being cancelled, being ended; and what becomes of what was owed.
#include "base/limits.h"
#include "base/log.h"
#include "protocol/postgres/conversation.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

constexpr Duration kLookAtClientEvery = std::chrono::milliseconds(250);  // while a request is held
constexpr Duration kLastAnswersWait = std::chrono::seconds(2);           // for a client that left before its answer

}  // namespace

// ---- what was owed

Outcome PostgresConversation::outcome_of(const Debt& debt, bool ran) const {
  Outcome out;
  out.tag = debt.tag;
  out.sqlstate = debt.over_budget ? "53400" : debt.sqlstate;
  out.rows = debt.rows;
  out.bytes = debt.bytes;
  out.completed = ran;
  out.took = common_.clock.mono() - debt.since;
  return out;
}

void PostgresConversation::settled(const Debt& debt, bool ran) {
  const bool succeeded = ran && !debt.failed;
  name_settled(debt, succeeded);
  if (debt.statement && (debt.kind == Kind::query || debt.kind == Kind::execute)) {
    const Statement& statement = *debt.statement;
    if (succeeded) understanding_.state().apply(statement.facts);
    if (statement.changes_meaning && ran) meaning_changed_ = meaning_in_transaction_ = true;
    if (statement.ends_transaction && meaning_in_transaction_) meaning_changed_ = true;
    if (statement.defines && ran) definitions_changed_ = true;
  }
  if (debt.withhold_end) judged_ = debt;
  else if (debt.request != 0) ears_->finished(debt.request, outcome_of(debt, ran));
  progress_.set();
}

void PostgresConversation::name_settled(const Debt& debt, bool succeeded) {
  switch (debt.kind) {
    case Kind::parse:
      if (debt.prepared == nullptr) return;  // ours
      if (succeeded) understanding_.state().prepared_by_protocol(debt.name, debt.prepared->text);
      return names_.statements.settled(debt.name, debt.prepared, succeeded);
    case Kind::bind: return names_.portals.settled(debt.name, debt.portal, succeeded);
    case Kind::close:
      if (debt.closes_statement && succeeded) understanding_.state().closed_by_protocol(debt.name);
      return debt.closes_statement ? names_.statements.settled(debt.name, nullptr, succeeded) : names_.portals.settled(debt.name, nullptr, succeeded);
    default: return;
  }
}

void PostgresConversation::own_finished(OwnQuery&) { progress_.set(); }

void PostgresConversation::transaction_status(char status) {
  if (status != 'I') return;
  names_.portals.forget_all();
  if (std::exchange(meaning_in_transaction_, false)) meaning_changed_ = true;  // a rollback takes settings back
}

void PostgresConversation::over_budget(const Debt&) { cancel(); }

std::string PostgresConversation::limit_message(const Debt& debt) {
  Denial denial;
  denial.code = DenialCode::limit_exceeded;
  denial.message = fmt::format("the answer passed this task's limit of {}",
                               debt.rows_max != 0 && debt.rows >= debt.rows_max ? fmt::format("{} rows", debt.rows_max) : fmt::format("{} bytes", debt.bytes_max));
  denial.hint = "Ask for less: a narrower WHERE clause, a LIMIT, fewer columns.";
  denial.retry = "narrower";
  Bytes out;
  write(out, refusal_for(denial, Moment::session));
  return std::string(as_text(out));
}

// ---- waiting

Task<HoldEnd> PostgresConversation::wait(net::Event& decided, Duration at_most) {
  hold_ = &decided;
  cancel_asked_ = false;
  const MonoTime until = at_most == Duration::max() ? MonoTime::max() : common_.clock.mono() + at_most;
  HoldEnd end = HoldEnd::timed_out;
  while (common_.clock.mono() < until) {
    const Duration turn = std::min<Duration>(kLookAtClientEvery, until - common_.clock.mono());
    const net::Wake wake = co_await decided.wait(turn);
    const bool decided_now = wake == net::Wake::fired && !cancel_asked_ && !terminated_;
    if (decided_now || cancel_asked_) {
      end = cancel_asked_ ? HoldEnd::client_cancelled : HoldEnd::decided;
      break;
    }
    const Result<Done> more = co_await reader_.read_ahead(Duration::zero());
    const bool gone = !more.ok() && more.error().code != Code::timed_out;
    if (gone || terminated_ || relay_ended_) {
      end = HoldEnd::client_left;
      break;
    }
  }
  hold_ = nullptr;
  cancel_asked_ = false;
  co_return end;
}

// ---- ending

void PostgresConversation::cancel() {
  if (hold_ != nullptr) return hold_->set();
  if (upstream_ && !answers_.empty()) tasks_.start(cancel_running());
}

Task<void> PostgresConversation::cancel_running() {
  if (upstream_session_.cancel_key.empty()) co_return;
  const Result<Done> cancelled = co_await cancel_upstream(client_.stream().loop(), common_.pool, upstream_at_, upstream_session_.process,
                                                          upstream_session_.cancel_key, limits::upstream_connect_deadline);
  if (!cancelled.ok()) log_warning("upstream cancel failed", {{"resource", upstream_at_.resource}, {"why", cancelled.error().detail}});
}

Task<void> PostgresConversation::cancel_then_close() {
  if (!answers_.empty()) co_await cancel_running();
  upstream_->close();
}

void PostgresConversation::terminate(const Denial& denial) {
  if (std::exchange(terminated_, true)) return;
  Bytes out;
  write(out, refusal_for(denial, ears_ != nullptr ? Moment::session : Moment::connect));
  client_.last_words(as_text(out));
  client_.stream().close();
  if (hold_ != nullptr) hold_->set();
  if (upstream_) tasks_.start(cancel_then_close());
}

// A client that left in the middle: what it asked may still be running, and writes may still commit, as they would have without us.
Task<void> PostgresConversation::close() {
  if (upstream_ && !terminated_) {
    const MonoTime until = common_.clock.mono() + kLastAnswersWait;
    frontend::write(out_, frontend::Terminate{});
    (void)co_await flush();
    while (!answers_.empty() && !relay_ended_ && common_.clock.mono() < until) co_await progress_.wait(kLastAnswersWait);
    terminated_ = true;
    co_await cancel_then_close();
  }
  client_.stream().close();
  co_await tasks_.join();
  if (!cancel_key_.secret.empty()) common_.cancel_keys.drop(cancel_key_);
}

}  // namespace narrowgate::postgres
