// PostgresConversation: what is sent upstream, and what the client is told by the gateway itself.
#include "base/limits.h"
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/gateway_call.h"
#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;
using RequestKind = PostgresRequest::Kind;

// Sent in place of a refused statement where the upstream's transaction must fail with it. A syntax error runs nothing, whatever
// the session's settings are, and tells the server's own log what happened.
constexpr std::string_view kRefused = "narrowgate refused this statement";
constexpr std::string_view kRefusedName = "narrowgate_refused";

Kind debt_kind(RequestKind kind) {
  switch (kind) {
    case RequestKind::query: return Kind::query;
    case RequestKind::parse: return Kind::parse;
    case RequestKind::execute: return Kind::execute;
    case RequestKind::function_call: return Kind::function_call;
  }
  return Kind::query;
}

bool in_pipeline(RequestKind kind) { return kind == RequestKind::parse || kind == RequestKind::execute; }

}  // namespace

Task<Result<Done>> PostgresConversation::flush(Duration at_most) {
  if (out_.empty()) return Done{};
  if (cancelling_ && !relay_ended_) return flush_after_cancel(at_most);
  Task<Result<Done>> written = upstream_->write_all(out_, at_most);
  if (!written.is_known()) return finish_flush(std::move(written));
  out_.clear();
  return written;
}

Task<Result<Done>> PostgresConversation::flush_after_cancel(Duration at_most) {
  while (cancelling_ && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  co_return co_await flush(at_most);
}

Task<Result<Done>> PostgresConversation::finish_flush(Task<Result<Done>> writing) {
  const Result<Done> written = co_await writing;
  out_.clear();
  co_return written;
}

// Sends what there is, makes the upstream answer all of it, and waits.
Task<Result<Done>> PostgresConversation::until(bool (PostgresConversation::*ready)() const) {
  if (!answers_.empty()) frontend::write(out_, frontend::Flush{});
  NG_CO_TRY_VOID(co_await flush());
  while (!(this->*ready)() && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  if (relay_ended_) co_return Error{Code::closed, Blame::upstream, "the upstream closed the connection"};
  co_return Done{};
}

Task<Result<Done>> PostgresConversation::drained() { co_return co_await until(&PostgresConversation::nothing_owed); }

Task<Result<OwnQuery>> PostgresConversation::ask(std::string sql) {
  if (answers_.work_since_sync()) co_return co_await ask_in_step(std::move(sql));  // a Query would commit that work
  const auto own = std::make_shared<OwnQuery>();
  answers_.owe({.kind = Kind::own, .own = own});
  frontend::write(out_, frontend::Query{sql});
  NG_CO_TRY_VOID(co_await flush());
  while (!own->finished && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  if (relay_ended_ && !relay_stopped_) co_return Error{Code::closed, Blame::upstream, "the upstream closed the connection"};
  co_return std::move(*own);
}

// As steps of the client's pipeline, under names of our own: its unnamed ones may be in use. If it fails, so has the pipeline.
Task<Result<OwnQuery>> PostgresConversation::ask_in_step(std::string sql) {
  constexpr std::string_view name = "narrowgate_check";
  const auto own = std::make_shared<OwnQuery>();
  own->closes = 3;
  if (!answers_.owe({.kind = Kind::own_steps, .own = own})) {
    own->sqlstate = "25P02";
    co_return std::move(*own);
  }
  frontend::write(out_, frontend::Close{frontend::NameKind::statement, name});  // one that failed half-way has left it behind
  frontend::write(out_, frontend::Parse{name, sql, {}});
  frontend::write(out_, frontend::Bind{name, name, {}, {}, {}});
  frontend::write(out_, frontend::Execute{name, 0});
  frontend::write(out_, frontend::Close{frontend::NameKind::portal, name});
  frontend::write(out_, frontend::Close{frontend::NameKind::statement, name});
  frontend::write(out_, frontend::Flush{});
  NG_CO_TRY_VOID(co_await flush());
  while (!own->finished && !relay_ended_) (void)co_await progress_.wait(Duration::max());
  if (relay_ended_ && !relay_stopped_) co_return Error{Code::closed, Blame::upstream, "the upstream closed the connection"};
  co_return std::move(*own);
}

// Says what has become due without the upstream.
Task<Result<Done>> PostgresConversation::say_answers() {
  if (answers_.said().empty()) co_return Done{};
  std::string said = std::move(answers_.said());
  answers_.said().clear();
  co_return co_await client_.say(std::move(said));
}

Task<Result<Done>> PostgresConversation::say_local(Bytes bytes) {
  answers_.owe({.kind = Kind::local, .say = std::string(as_text(bytes))});
  co_return co_await say_answers();
}

Debt PostgresConversation::debt_for(std::uint64_t number, const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  const Enforced& enforced = permitted.enforced();
  Debt debt;
  debt.kind = debt_kind(request.kind);
  debt.request = request.runs() ? number : 0;
  debt.rows_max = request.runs() ? enforced.rows_read_max : 0;
  debt.bytes_max = request.runs() ? enforced.bytes_max : 0;
  debt.time_max = request.runs() ? enforced.statement_max : std::chrono::milliseconds(0);
  if (debt.time_max.count() > 0 && !std::exchange(watching_time_, true)) tasks_.start(watch_time(debt.time_max));
  debt.since = common_.clock.mono();
  debt.name = request.name;
  debt.statement = request.statement;
  if (request.portal) debt.taken = std::shared_ptr<Taken>(request.portal, &request.portal->taken);
  else if (request.runs() && !request.statement->fetches.empty()) debt.taken = names_.cursors.taken(request.statement->fetches);
  if (request.runs() && request.statement->masks)
    debt.mask = std::make_shared<RowMask>(request.statement->masks, permitted.unmasked(), common_.masks, upstream_at_.detectors);
  if (request.runs() && request.statement->touches_masked) answers_.keep_details();
  debt.copies = request.runs() ? request.statement->copies : 0;
  debt.prepared = request.prepared;
  return debt;
}

// Writes the request afresh from what was decoded of it.
void PostgresConversation::send(const PostgresRequest& request) {
  if (request.kind == RequestKind::query) return frontend::write(out_, frontend::Query{request.sql});
  constexpr char types[] = {'Q', 'P', 'E', 'F'};
  const Frame frame{types[std::size_t(request.kind)], request.message, request.message.size()};
  const auto message = frontend::decode(frame);
  NG_CHECK(message.ok());  // it was decoded when it came
  frontend::write(out_, *message);
}

void PostgresConversation::queue(std::uint64_t number, const Permitted& permitted) {
  const auto& request = static_cast<const PostgresRequest&>(permitted.request());
  if (request.runs() && request.statement->of_databases) common_.warm.clear();  // the server waits some seconds for them to leave
  if (request.kind == RequestKind::parse) names_.statements.sent(request.name, request.prepared);
  if (request.kind == RequestKind::query) {  // which takes the unnamed ones away
    names_.statements.forget("");
    names_.portals.forget("");
  }
  if (answers_.owe(debt_for(number, permitted))) send(request);
}

Task<Result<Done>> PostgresConversation::forward(std::uint64_t number, Permitted permitted) {
  auto& request = static_cast<PostgresRequest&>(permitted.request());
  if (request.runs() && (permitted.approved() || permitted.enforced().rows_written_max > 0))
    return forward_guarded(number, std::move(permitted));

  queue(number, permitted);
  if (out_.size() >= limits::read_chunk_bytes) return flush();
  return Done{};
}

Task<Result<Done>> PostgresConversation::refuse(std::unique_ptr<Request> refused, Denial denial) {
  const auto& request = static_cast<const PostgresRequest&>(*refused);
  if (answers_.discarding())
    co_return Done{};  // the pipeline it stood in has failed meanwhile: nothing is said of what is ignored
  const bool pipeline = in_pipeline(request.kind);
  if (request.kind == RequestKind::parse && request.name.empty()) names_.statements.forget("");
  Bytes out;
  write(out, refusal_for(denial, Moment::session));

  // Nothing upstream has to fail: no transaction is open, and nothing was begun that an error would undo.
  if (answers_.empty() && !answers_.work_since_sync() && answers_.transaction() != 'T') {
    if (pipeline) skipping_ = true;
    else answer::ready_for_query(out, TransactionStatus(answers_.transaction()));
    co_return co_await client_.say(std::string(as_text(out)));
  }
  answers_.owe({.kind = pipeline ? Kind::refused_step : Kind::refused_query, .say = std::string(as_text(out))});
  if (pipeline) {
    frontend::write(out_, frontend::Parse{kRefusedName, kRefused, {}});
    frontend::write(out_, frontend::Flush{});
  } else {
    frontend::write(out_, frontend::Query{kRefused});
  }
  skipping_ = pipeline;
  co_return co_await flush();
}

Task<Result<Done>> PostgresConversation::answer(std::unique_ptr<Request> asked, Table table) {
  const auto& request = static_cast<const PostgresRequest&>(*asked);
  const bool query = request.kind == RequestKind::query;
  if (query) NG_CO_TRY_VOID(co_await drained());
  Bytes out;
  const std::vector<std::string_view> columns(table.columns.begin(), table.columns.end());
  if (query && !columns.empty()) answer::text_columns(out, columns);
  for (const auto& row : table.rows) {
    const std::vector<std::optional<std::string_view>> values(row.begin(), row.end());
    answer::text_row(out, values);
  }
  if (request.gateway_call()->what == GatewayCall::What::name)
    answer::parameter_status(out, "application_name", printable_text(request.gateway_call()->arguments.front()));
  answer::command_complete(out, table.tag.empty() ? fmt::format("SELECT {}", table.rows.size()) : table.tag);
  if (query) answer::ready_for_query(out, TransactionStatus(answers_.transaction()));
  co_return co_await say_local(std::move(out));
}

std::string PostgresConversation::how_to_ask(std::string_view decision) const {
  return fmt::format("CALL narrowgate.request('{}', '<why>')", decision);
}

Task<Result<Done>> PostgresConversation::notify(std::string message) {
  Bytes out;
  write(out, notice_of(std::move(message)));
  co_return co_await client_.say(std::string(as_text(out)));
}

}  // namespace narrowgate::postgres
