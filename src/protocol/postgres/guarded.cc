// PostgresConversation: a statement that may change only so many rows, or that a person approved exactly as it stands.
//
// It runs as Parse, Bind, Execute inside one transaction with two looks around it: before, the meaning a person saw is compared with
// what it is now, under the locks and snapshot of that transaction; after, the number of rows with the ceiling. If either is wrong
// the transaction is made to fail, so that nothing of it stays:
//
//   [check meaning] Parse Bind Execute Flush │ rows ≤ ceiling?  yes: Sync (commits)   no: a statement that cannot parse, Sync (rolls back)
//
// A client in a transaction of its own keeps it: open if the statement ran, failed if it did not, as PostgreSQL would have it.
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;
using RequestKind = PostgresRequest::Kind;

constexpr std::string_view kUndo = "narrowgate takes this back";
constexpr std::string_view kUndoName = "narrowgate_refused";
constexpr std::string_view kGuardedName = "narrowgate_guarded";

Denial denial(DenialCode code, const Permitted& permitted, std::string message, std::string hint, std::string retry) {
  Denial out;
  out.code = code;
  out.decision = permitted.decision();
  out.message = std::move(message);
  out.hint = std::move(hint);
  out.retry = std::move(retry);
  return out;
}

}  // namespace

// Not one of those that PostgreSQL refuses to run inside a transaction with anything else.
bool PostgresConversation::can_be_watched(const PostgresRequest& request) {
  const Statement& statement = *request.statement;
  return statement.facts.size() == 1 && !statement.controls_transaction && !statement.copies_in && !statement.no_transaction;
}

Task<Result<Done>> PostgresConversation::forward_guarded(std::uint64_t number, Permitted permitted) {
  auto& request = static_cast<PostgresRequest&>(permitted.request());
  if (request.statement->no_transaction && request.kind == RequestKind::query) co_return co_await forward_alone(number, std::move(permitted));
  if (!can_be_watched(request)) {
    const Denial alone = denial(DenialCode::policy_denied, permitted, "a statement under a row ceiling must stand alone in its message",
                                "Send it by itself: no other statement, no COPY FROM STDIN, no BEGIN or COMMIT beside it.", "now_same_request");
    ears_->finished(number, Outcome{.sqlstate = "0A000", .completed = false});
    co_return co_await refuse(permitted.release(), alone);
  }
  if (request.kind == RequestKind::query) NG_CO_TRY_VOID(co_await drained());
  if (permitted.approved()) {
    NG_CO_TRY(const auto changed, co_await check_meaning(permitted));
    if (changed) {
      ears_->finished(number, Outcome{.sqlstate = "42501", .completed = false});
      co_return co_await undo(request, *changed);
    }
  }
  co_return co_await run_watched(number, permitted);
}

// The versions of everything the statement rests on, as the transaction that would run it sees them.
Task<Result<std::string>> PostgresConversation::stamps_now(const PostgresRequest& request) {
  if (request.statement->stamp_query.empty()) co_return std::string();
  const bool alone = request.kind == RequestKind::query && request.statement->no_transaction;
  std::string question = request.statement->stamp_query;
  Result<OwnQuery> asked = OwnQuery();
  if (alone) asked = co_await ask(std::move(question));
  else asked = co_await ask_in_step(std::move(question));
  if (!asked.ok()) co_return asked.error();
  if (!asked->sqlstate.empty()) co_return Error{Code::unavailable, Blame::upstream, "the versions of what it touches cannot be read: " + asked->message};
  std::string stamps;
  for (const auto& row : asked->rows)
    for (const auto& value : row) stamps += value.value_or("") + ' ';
  co_return stamps;
}

Task<Result<Done>> PostgresConversation::pin(Request& pinned) {
  auto& request = static_cast<PostgresRequest&>(pinned);
  request.keep();
  request.session_meaning = understanding_.state().meaning();
  if (request.kind == RequestKind::query) NG_CO_TRY_VOID(co_await drained());
  if (request.kind == RequestKind::query && !request.statement->stamp_query.empty()) {
    NG_CO_TRY(const OwnQuery now, co_await ask(request.statement->stamp_query));
    for (const auto& row : now.rows)
      for (const auto& value : row) request.stamps += value.value_or("") + ' ';
    co_return Done{};
  }
  NG_CO_TRY(request.stamps, co_await stamps_now(request));
  co_return Done{};
}

// What PostgreSQL runs in no transaction but its own has no row ceiling either; what it rests on is looked at just before.
Task<Result<Done>> PostgresConversation::forward_alone(std::uint64_t number, Permitted permitted) {
  auto& request = static_cast<PostgresRequest&>(permitted.request());
  NG_CO_TRY_VOID(co_await drained());
  NG_CO_TRY(const auto changed, co_await check_meaning(permitted));
  if (changed) {
    ears_->finished(number, Outcome{.sqlstate = "42501", .completed = false});
    co_return co_await refuse(permitted.release(), *changed);
  }
  queue(number, request, permitted.enforced());
  co_return co_await flush();
}

// Is every object the approval named still what it was? Asked inside the transaction that will run it.
Task<Result<std::optional<Denial>>> PostgresConversation::check_meaning(const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  NG_CO_TRY(const std::string now, co_await stamps_now(request));
  if (now == request.stamps) co_return std::optional<Denial>();
  co_return denial(DenialCode::approval_mismatch, permitted, "what this statement touches has changed since it was approved",
                   "Send it again: a person will be shown what it does now.", "now_same_request");
}

Task<Result<Done>> PostgresConversation::run_watched(std::uint64_t number, const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  Debt debt = debt_for(number, request, permitted.enforced());
  debt.kind = Kind::execute;
  debt.withhold_end = true;
  judged_.reset();
  bool sent = true;
  if (request.kind == RequestKind::query) {
    answers_.owe({.kind = Kind::parse, .quiet = true, .name = std::string(kGuardedName)});
    answers_.owe({.kind = Kind::bind, .quiet = true, .name = std::string(kGuardedName)});
    answers_.owe({.kind = Kind::describe, .quiet = true});
    sent = answers_.owe(std::move(debt));
    frontend::write(out_, frontend::Parse{kGuardedName, request.sql, {}});
    frontend::write(out_, frontend::Bind{kGuardedName, kGuardedName, {}, {}, {}});
    frontend::write(out_, frontend::Describe{frontend::NameKind::portal, kGuardedName});
    frontend::write(out_, frontend::Execute{kGuardedName, 0});
  } else {
    sent = answers_.owe(std::move(debt));
    if (sent) send(request);
  }
  frontend::write(out_, frontend::Flush{});
  NG_CO_TRY_VOID(co_await flush());
  while (sent && !judged_ && !relay_ended_) co_await progress_.wait(Duration::max());
  if (relay_ended_) co_return Error{Code::closed, Blame::upstream, "the upstream closed the connection"};

  const std::uint64_t ceiling = permitted.enforced().rows_written_max;
  const bool ran = judged_ && !judged_->failed;
  if (ran && ceiling != 0 && judged_->rows > ceiling) {
    const Denial over = denial(DenialCode::limit_exceeded, permitted,
                               fmt::format("the statement would change {} rows; its ceiling is {}. It was rolled back", judged_->rows, ceiling),
                               "Narrow its WHERE clause, or ask for a higher ceiling.", "narrower");
    Outcome outcome = outcome_of(*judged_, true);
    outcome.sqlstate = "53400";
    ears_->finished(number, outcome);
    co_return co_await undo(request, over);
  }
  if (judged_) ears_->finished(number, outcome_of(*judged_, true));
  std::string tag;
  if (ran) tag = judged_->tag;
  co_return co_await accept(request, tag);
}

// Lets it stand. For a simple Query that is the commit, and the client hears of success only if that succeeds too.
Task<Result<Done>> PostgresConversation::accept(const PostgresRequest& request, const std::string& tag) {
  Bytes complete;
  if (!tag.empty()) answer::command_complete(complete, tag);
  if (request.kind == RequestKind::execute) co_return co_await client_.say(std::string(as_text(complete)));
  if (!tag.empty()) forget_guarded();
  answers_.owe({.kind = Kind::sync, .say = std::string(as_text(complete))});
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

// The names we used are ours to give back: a client that asks what is prepared must not find them.
void PostgresConversation::forget_guarded() {
  answers_.owe({.kind = Kind::close, .quiet = true, .closes_statement = true, .name = std::string(kGuardedName)});
  frontend::write(out_, frontend::Close{frontend::NameKind::statement, kGuardedName});
}

}  // namespace narrowgate::postgres
