// PostgresConversation: a statement that may change only so many rows, or that a person approved exactly as it stands.
//
// It runs as Parse, Bind, Execute inside one transaction with two looks around it: before, the meaning a person saw is compared
// with what it is now, under the locks and snapshot of that transaction; after, the number of rows with the ceiling. If either is
// wrong the transaction is made to fail, so that nothing of it stays:
//
//   [check meaning] Parse Bind Execute Flush │ rows ≤ ceiling?  yes: Sync (commits)   no: a statement that cannot parse, Sync
//   (rolls back)
//
// A client in a transaction of its own keeps it: open if the statement ran, failed if it did not, as PostgreSQL would have it.
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/look_ahead.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;
using RequestKind = PostgresRequest::Kind;

constexpr std::string_view kUndo = "narrowgate takes this back";
constexpr std::string_view kUndoName = "narrowgate_refused";

Denial denial(DenialCode code, const Permitted& permitted, std::string message, std::string hint, std::string retry) {
  Denial out;
  out.code = code;
  out.decision = permitted.decision();
  out.message = std::move(message);
  out.hint = std::move(hint);
  out.retry = std::move(retry);
  return out;
}

std::string joined(const OwnQuery& stamps) {
  std::string out;
  for (const auto& row : stamps.rows)
    for (const auto& value : row) out += value.value_or("") + ' ';
  return out;
}

// What PostgreSQL refuses to run inside a transaction with anything else, or what our steps cannot stand for.
bool stands_alone(const Statement& statement) {
  return statement.facts.size() == 1 && !statement.controls_transaction && !statement.copies_in && !statement.no_transaction;
}

std::optional<Denial> cannot_be_guarded(const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  const Statement& statement = *request.statement;
  if (request.kind == RequestKind::function_call)
    return denial(DenialCode::policy_denied, permitted, "a fast-path call cannot wait for approval, nor have a row ceiling",
                  "Call the function with SELECT.", "narrower");
  if (permitted.enforced().rows_written_max != 0 && !statement.writes_rows)
    return denial(DenialCode::policy_denied, permitted,
                  "how many rows this statement changes cannot be counted, and there is a ceiling on them",
                  "Use INSERT, UPDATE, DELETE or MERGE by itself, not inside WITH or a function.", "narrower");
  if (stands_alone(statement) || statement.no_transaction) return std::nullopt;
  return denial(DenialCode::policy_denied, permitted,
                "a statement that was approved, or has a row ceiling, must stand alone in its message",
                "Send it by itself: no other statement, no COPY FROM STDIN, no BEGIN or COMMIT beside it.", "now_same_request");
}

Denial meaning_changed(const Permitted& permitted) {
  return denial(DenialCode::approval_mismatch, permitted, "what this statement touches has changed since it was approved",
                "Send it again: a person will be shown what it does now.", "now_same_request");
}

// What the outcome says about the ceiling, if it went over.
std::optional<Denial> over_ceiling(const Permitted& permitted, const Debt& ran) {
  const std::uint64_t ceiling = permitted.enforced().rows_written_max;
  if (ceiling == 0) return std::nullopt;
  if (ran.suspended)
    return denial(DenialCode::limit_exceeded, permitted,
                  "how many rows the statement changed is not known while its answer is fetched in parts. It was rolled back",
                  "Execute it without a row limit.", "now_same_request");
  if (ran.rows <= ceiling) return std::nullopt;
  return denial(DenialCode::limit_exceeded, permitted,
                fmt::format("the statement would change {} rows; its ceiling is {}. It was rolled back", ran.rows, ceiling),
                "Narrow its WHERE clause, or ask for a higher ceiling.", "narrower");
}

}  // namespace

Task<Result<Done>> PostgresConversation::forward_guarded(std::uint64_t number, Permitted permitted) {
  auto& request = static_cast<PostgresRequest&>(permitted.request());
  if (const auto denied = cannot_be_guarded(permitted)) {
    ears_->finished(number, Outcome{.sqlstate = "42501", .completed = false});
    co_return co_await refuse(permitted.release(), *denied);
  }
  const bool query = request.kind == RequestKind::query;
  if (query) NG_CO_TRY_VOID(co_await drained());
  // In a failed transaction the server refuses it by itself, and whatever we would ask first.
  if (query && answers_.transaction() == 'E') co_return co_await forward_plainly(number, permitted);
  if (request.statement->no_transaction) co_return co_await forward_alone(number, std::move(permitted));
  if (permitted.approved() && !request.statement->stamp_query.empty()) {
    // Asked inside the transaction that will run it.
    NG_CO_TRY(const OwnQuery now, co_await ask_in_step(request.statement->stamp_query));
    if (now.failed() || joined(now) != request.stamps) {
      ears_->finished(number, Outcome{.sqlstate = now.failed() ? now.sqlstate : "42501", .completed = false});
      if (now.failed()) co_return co_await end_step(request);
      co_return co_await undo(request, meaning_changed(permitted));
    }
  }
  co_return co_await run_watched(number, permitted);
}

Task<Result<Done>> PostgresConversation::forward_plainly(std::uint64_t number, const Permitted& permitted) {
  queue(number, permitted);
  co_return co_await flush();
}

// The versions of everything the statement rests on, as they are now.
Task<Result<OwnQuery>> PostgresConversation::ask_for_stamps(const PostgresRequest& request) {
  if (request.kind == RequestKind::query) co_return co_await ask(request.statement->stamp_query);
  co_return co_await ask_in_step(request.statement->stamp_query);
}

// Over a connection of its own: whatever becomes of it, the client's transaction and pipeline are as they were.
Task<void> PostgresConversation::look_ahead(PostgresRequest& request) {
  request.ahead = {};
  auto what = look_ahead_at(request, upstream_at_.preview, *understanding_.catalog(), understanding_.state());
  if (!what) co_return;
  what->in_transaction = answers_.transaction() != 'I';
  request.ahead = co_await common_.pool.run(client_.stream().loop(),
                                            [&] { return postgres::look_ahead(upstream_at_, *what, common_.masks); });
}

Task<Result<Done>> PostgresConversation::pin(Request& pinned) {
  auto& request = static_cast<PostgresRequest&>(pinned);
  request.keep();
  request.session_meaning = understanding_.state().meaning();
  if (request.kind == RequestKind::query) NG_CO_TRY_VOID(co_await drained());
  co_await look_ahead(request);
  if (request.statement->stamp_query.empty()) co_return Done{};
  NG_CO_TRY(const OwnQuery now, co_await ask_for_stamps(request));
  request.stamps = joined(now);
  pin_failed_ = now.failed();  // a failed transaction or pipeline: nobody needs to be asked
  co_return Done{};
}

// What PostgreSQL runs in no transaction but its own has no row ceiling either; what it rests on is looked at just before.
Task<Result<Done>> PostgresConversation::forward_alone(std::uint64_t number, Permitted permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  if (!permitted.approved() || request.statement->stamp_query.empty()) co_return co_await forward_plainly(number, permitted);
  NG_CO_TRY(const OwnQuery now, co_await ask_for_stamps(request));
  if (!now.failed() && joined(now) == request.stamps) co_return co_await forward_plainly(number, permitted);
  ears_->finished(number, Outcome{.sqlstate = "42501", .completed = false});
  const Denial changed = meaning_changed(permitted);
  co_return co_await refuse(permitted.release(), changed);
}

Task<Result<Done>> PostgresConversation::run_watched(std::uint64_t number, const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  Debt debt = debt_for(number, permitted);
  debt.kind = Kind::execute;
  debt.withhold_end = true;
  judged_.reset();
  if (request.kind == RequestKind::query) {
    // Unnamed, as a Query would leave nothing behind either.
    names_.statements.forget("");
    names_.portals.forget("");
    answers_.owe({.kind = Kind::parse, .quiet = true});
    answers_.owe({.kind = Kind::bind, .quiet = true});
    answers_.owe({.kind = Kind::describe, .quiet = true, .statement = request.statement});
    answers_.owe(std::move(debt));
    frontend::write(out_, frontend::Parse{"", request.sql, {}});
    frontend::write(out_, frontend::Bind{"", "", {}, {}, {}});
    frontend::write(out_, frontend::Describe{frontend::NameKind::portal, ""});
    frontend::write(out_, frontend::Execute{"", 0});
  } else if (answers_.owe(std::move(debt))) {
    send(request);
  }
  frontend::write(out_, frontend::Flush{});
  const Result<Done> sent = co_await flush();
  while (sent.ok() && !judged_ && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  if (!sent.ok()) co_return sent.error();  // close() settles what is owed
  co_return co_await judge(number, permitted);
}

Task<Result<Done>> PostgresConversation::judge(std::uint64_t number, const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  if (!judged_) co_return Error{Code::bug, Blame::gateway, "a guarded statement was lost"};
  const Judged judged = std::move(*judged_);
  judged_.reset();
  Outcome outcome = outcome_of(judged.debt, judged.ran);
  if (!judged.ran || judged.debt.failed) {
    ears_->finished(number, outcome);
    if (relay_ended_) co_return Error{Code::closed, Blame::upstream, "the upstream closed the connection"};
    co_return co_await end_step(request);
  }
  if (const auto over = over_ceiling(permitted, judged.debt)) {
    outcome.sqlstate = "53400";
    outcome.rows_written = 0;
    ears_->finished(number, outcome);
    co_return co_await undo(request, *over);
  }
  co_return co_await accept(request, judged.debt);
}

// Lets it stand. For a simple Query that is the commit, and the client and the record hear of success only if that succeeds too.
Task<Result<Done>> PostgresConversation::accept(const PostgresRequest& request, const Debt& judged) {
  Bytes end;
  if (judged.suspended) answer::portal_suspended(end);
  else if (!judged.tag.empty()) answer::command_complete(end, judged.tag);
  if (request.kind == RequestKind::execute) {
    finished(judged, true);
    co_return co_await client_.say(std::string(as_text(end)));
  }
  Debt commit;
  commit.kind = Kind::sync;
  commit.request = judged.request;
  commit.rows = judged.rows;
  commit.bytes = judged.bytes;
  commit.since = judged.since;
  commit.tag = judged.tag;
  commit.statement = judged.statement;
  commit.say = std::string(as_text(end));
  answers_.owe(std::move(commit));
  frontend::write(out_, frontend::Sync{});
  co_return co_await flush();
}

// The statement failed, and the client has heard why.
Task<Result<Done>> PostgresConversation::end_step(const PostgresRequest& request) {
  if (request.kind != RequestKind::query) co_return Done{};  // the client's own Sync ends it
  answers_.owe({.kind = Kind::sync});
  frontend::write(out_, frontend::Sync{});
  co_return co_await flush();
}

Task<Result<Done>> PostgresConversation::undo(const PostgresRequest& request, const Denial& denial) {
  Bytes out;
  write(out, refusal_for(denial, Moment::session));
  answers_.owe({.kind = Kind::refused_step, .say = std::string(as_text(out))});
  frontend::write(out_, frontend::Parse{kUndoName, kUndo, {}});
  if (request.kind == RequestKind::query) {
    answers_.owe({.kind = Kind::sync});
    frontend::write(out_, frontend::Sync{});
  } else {
    frontend::write(out_, frontend::Flush{});
    skipping_ = true;
  }
  NG_CO_TRY_VOID(co_await flush());
  if (request.kind == RequestKind::query) NG_CO_TRY_VOID(co_await drained());
  co_return Done{};
}

}  // namespace narrowgate::postgres
