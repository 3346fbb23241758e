// PostgresConversation: what the client sends, one message at a time, until something has to be decided.
#include "base/limits.h"
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/gateway_call.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// A statement that nobody could classify, for a reason we can say.
std::shared_ptr<const Statement> not_understood(std::string why) {
  auto operation = std::make_shared<Operation>();
  operation->why = std::move(why);
  auto statement = std::make_shared<Statement>();
  statement->operation = std::move(operation);
  return statement;
}

}  // namespace

Task<Result<std::unique_ptr<Request>>> PostgresConversation::next() {
  for (;;) {
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame.ok()) {
      const Error error = frame.error();
      NG_CO_TRY_VOID(co_await violation(error));
      co_return error;
    }
    if (!*frame) {
      NG_CO_TRY_VOID(co_await flush());
      const Result<Done> filled = co_await reader_.fill();
      if (!filled.ok() && filled.error().code == Code::closed && !terminated_) co_return std::unique_ptr<Request>();
      if (!filled.ok()) co_return filled.error();
      continue;
    }
    if ((*frame)->type == 'X') co_return std::unique_ptr<Request>();
    if (skipping_ && (*frame)->type != 'S') continue;
    Result<RequestPtr> request = co_await take(**frame);
    if (!request.ok()) {
      const Error error = request.error();
      if (error.blame == Blame::client) NG_CO_TRY_VOID(co_await violation(error));
      co_return error;
    }
    if (*request) co_return std::unique_ptr<Request>(std::move(request).take());
    if (out_.size() >= limits::read_chunk_bytes) NG_CO_TRY_VOID(co_await flush());
  }
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take(const Frame& frame) {
  NG_CO_TRY(const frontend::Message message, frontend::decode(frame));
  // While a COPY takes data, nothing else may come: the server would drop the connection's rhythm, and so must not see it.
  const bool copy = frame.type == 'd' || frame.type == 'c' || frame.type == 'f' || frame.type == 'H' || frame.type == 'S';
  if (!copy && answers_.copying_in())
    co_return Error{Code::malformed, Blame::client, fmt::format("message '{}' while COPY takes data", frame.type)};
  if (answers_.size() >= limits::in_flight_max) NG_CO_TRY_VOID(co_await drained());

  if (const auto* query = std::get_if<frontend::Query>(&message)) co_return co_await take_query(query->text);
  if (const auto* parse = std::get_if<frontend::Parse>(&message)) co_return co_await take_parse(*parse, frame.body);
  if (const auto* execute = std::get_if<frontend::Execute>(&message)) co_return co_await take_execute(*execute, frame.body);
  if (const auto* call = std::get_if<frontend::FunctionCall>(&message)) co_return take_function_call(*call, frame.body);
  if (const auto* bind = std::get_if<frontend::Bind>(&message)) {
    NG_CO_TRY_VOID(co_await take_bind(*bind, frame.body));
  } else if (const auto* describe = std::get_if<frontend::Describe>(&message)) {
    NG_CO_TRY_VOID(co_await take_describe(*describe));
  } else if (const auto* close = std::get_if<frontend::Close>(&message)) {
    NG_CO_TRY_VOID(co_await take_close(*close));
  } else if (std::holds_alternative<frontend::Sync>(message)) {
    skipping_ = false;
    const bool ignored = answers_.copying_in();
    if (!ignored) answers_.owe({.kind = Kind::sync});
    frontend::write(out_, message);
  } else {
    frontend::write(out_, message);  // Flush, and the data of a COPY that was permitted; outside one the server ignores it
  }
  co_return RequestPtr();
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_query(std::string_view text) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::query;
  request->sql = text;
  NG_CO_TRY(request->statement, co_await understand(text));
  co_return request;
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_parse(const frontend::Parse& parse, ByteView body) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::parse;
  request->name = parse.statement;
  request->sql = parse.text;
  request->message = body;
  NG_CO_TRY(request->statement, co_await understand(parse.text));
  request->prepared = std::make_shared<const Prepared>(Prepared{std::string(parse.text), request->statement});
  if (names_.statements.size() >= limits::prepared_statements_max && !names_.statements.find(parse.statement))
    request->statement = not_understood(fmt::format("{} prepared statements are open; close some", limits::prepared_statements_max));
  if (!request->statement->gateway_call) co_return request;

  // For the gateway itself: the upstream never hears of this name.
  names_.statements.sent(request->name, request->prepared);
  names_.statements.settled(request->name, request->prepared, true);
  Bytes out;
  answer::parse_complete(out);
  NG_CO_TRY_VOID(co_await say_local(std::move(out)));
  co_return RequestPtr();
}

Task<Result<Done>> PostgresConversation::take_bind(const frontend::Bind& bind, ByteView body) {
  std::shared_ptr<const Prepared> prepared = names_.statements.find(bind.statement);
  if (!prepared) {  // perhaps one that SQL's PREPARE made: both share one name space
    std::string execute = "EXECUTE " + quoted_name(bind.statement);
    NG_CO_TRY(auto statement, co_await understand(execute));
    prepared = std::make_shared<const Prepared>(Prepared{std::move(execute), std::move(statement)});
  }
  auto portal = std::make_shared<Portal>();
  portal->prepared = prepared;
  if (body.size() <= limits::bind_bytes_recorded_max) portal->bind = as_text(body);
  if (prepared->statement->gateway_call) {
    names_.portals.sent(bind.portal, portal);
    names_.portals.settled(bind.portal, portal, true);
    Bytes out;
    answer::bind_complete(out);
    co_return co_await say_local(std::move(out));
  }
  names_.portals.sent(bind.portal, portal);
  if (answers_.owe({.kind = Kind::bind, .name = std::string(bind.portal), .portal = portal})) frontend::write(out_, bind);
  co_return Done{};
}

Task<Result<Done>> PostgresConversation::take_describe(const frontend::Describe& describe) {
  std::shared_ptr<const Prepared> prepared;
  if (describe.kind == frontend::NameKind::statement) {
    prepared = names_.statements.find(describe.name);
  } else if (const auto portal = names_.portals.find(describe.name)) {
    prepared = portal->prepared;
  }
  if (!prepared || !prepared->statement->gateway_call) {
    if (answers_.owe({.kind = Kind::describe})) frontend::write(out_, describe);
    co_return Done{};
  }
  Bytes out;
  if (describe.kind == frontend::NameKind::statement) answer::parameter_description(out, {});
  const auto& columns = columns_of(*prepared->statement->gateway_call);
  const std::vector<std::string_view> names(columns.begin(), columns.end());
  answer::text_columns(out, names);
  co_return co_await say_local(std::move(out));
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_execute(const frontend::Execute& execute, ByteView body) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::execute;
  request->name = execute.portal;
  request->message = body;
  request->portal = names_.portals.find(execute.portal);
  if (request->portal) {
    request->prepared = request->portal->prepared;
  } else {  // perhaps a cursor that SQL declared: portals and cursors share one name space too
    std::string fetch = "FETCH ALL FROM " + quoted_name(execute.portal);
    NG_CO_TRY(auto statement, co_await understand(fetch));
    request->prepared = std::make_shared<const Prepared>(Prepared{std::move(fetch), std::move(statement)});
  }
  request->statement = request->prepared->statement;
  request->sql = request->prepared->text;
  co_return request;
}

Task<Result<Done>> PostgresConversation::take_close(const frontend::Close& close) {
  const bool is_statement = close.kind == frontend::NameKind::statement;
  const auto statement = is_statement ? names_.statements.find(close.name) : nullptr;
  if (statement && statement->statement->gateway_call) {
    names_.statements.forget(close.name);
    Bytes out;
    answer::close_complete(out);
    co_return co_await say_local(std::move(out));
  }
  if (is_statement) names_.statements.sent(close.name, nullptr);
  else names_.portals.sent(close.name, nullptr);
  if (answers_.owe({.kind = Kind::close, .closes_statement = is_statement, .name = std::string(close.name)})) frontend::write(out_, close);
  co_return Done{};
}

PostgresConversation::RequestPtr PostgresConversation::take_function_call(const frontend::FunctionCall& call, ByteView body) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::function_call;
  request->message = body;
  request->statement = not_understood(fmt::format("fast-path call of function {}", call.function));
  request->prepared = std::make_shared<const Prepared>(Prepared{request->statement->operation->why, request->statement});
  request->sql = request->prepared->text;
  return request;
}

// What a text means now: after everything on its way that could change its meaning, against the catalog as it is.
Task<Result<std::shared_ptr<const Statement>>> PostgresConversation::understand(std::string_view text) {
  NG_CO_TRY_VOID(co_await settle_meaning());
  if (meaning_changed_) co_return not_understood("settings changed earlier in this pipeline; send Sync before the next statement");
  understanding_.refresh(catalog_->current());
  if (auto known = understanding_.recall(text)) co_return known;

  std::shared_ptr<const Statement> statement;
  if (text.size() <= limits::parse_inline_bytes_max) {
    statement = Understanding::read(text, *understanding_.catalog(), understanding_.state());
  } else {
    statement = co_await common_.pool.run(client_.stream().loop(), [text, this] {
      return Understanding::read(text, *understanding_.catalog(), understanding_.state());
    });
  }
  understanding_.remember(text, statement);
  co_return statement;
}

// Waits for what may change the meaning of later texts, then looks at what it has become.
Task<Result<Done>> PostgresConversation::settle_meaning() {
  if (answers_.meaning_at_stake()) {
    if (answers_.work_since_sync()) frontend::write(out_, frontend::Flush{});
    NG_CO_TRY_VOID(co_await flush());
    while (answers_.meaning_at_stake()) co_await progress_.wait(Duration::max());
  }
  if (definitions_changed_) {
    definitions_changed_ = false;
    NG_CO_TRY_VOID(co_await catalog_->reload(common_.pool, client_.stream().loop()));
  }
  if (!meaning_changed_ || answers_.work_since_sync()) co_return Done{};
  NG_CO_TRY_VOID(co_await drained());
  if (answers_.transaction() == 'E') co_return Done{};  // nothing runs before its end, which makes us look again
  NG_CO_TRY(const OwnQuery now, co_await ask(std::string(SessionState::settings_query())));
  if (!now.sqlstate.empty()) co_return Error{Code::unavailable, Blame::upstream, "the session's settings cannot be read: " + now.message};
  NG_CO_TRY_VOID(understanding_.state().take_settings(now.rows));
  meaning_changed_ = false;
  co_return Done{};
}

// The client broke the protocol: it hears so, and the connection ends, because nobody knows where its next message begins.
Task<Result<Done>> PostgresConversation::violation(Error error) {
  NG_CO_TRY_VOID(co_await flush());
  Refusal refusal = refusal_for(error, Moment::session);
  refusal.severity = Severity::fatal;
  Bytes out;
  write(out, refusal);
  (void)co_await client_.say(std::string(as_text(out)));
  co_return Done{};
}

}  // namespace narrowgate::postgres
