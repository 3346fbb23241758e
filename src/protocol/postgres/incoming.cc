// PostgresConversation: what the client sends, one message at a time, until something has to be decided.
#include "base/limits.h"
#include "protocol/postgres/conversation.h"
#include "protocol/postgres/gateway_call.h"
#include "protocol/postgres/wire/messages_answer.h"

namespace narrowgate::postgres {
namespace {

using Kind = Debt::Kind;
using RequestKind = PostgresRequest::Kind;

Error upstream_gone() { return Error{Code::closed, Blame::upstream, "the upstream closed the connection"}; }

std::string quoted_name(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + '"';
}

// "" for a function that the catalog does not know.
std::string as_select(const frontend::FunctionCall& call, const Catalog& catalog) {
  constexpr std::size_t arguments_max = 100;  // PostgreSQL's own
  const Function* function = catalog.function(call.function);
  const std::string_view builtin = catalog.builtin_name(call.function);
  if ((function == nullptr && builtin.empty()) || call.values.size() > arguments_max) return "";
  std::string out = function != nullptr ? fmt::format("SELECT {}.{}(", quoted_name(function->schema), quoted_name(function->name))
                                        : fmt::format("SELECT pg_catalog.{}(", quoted_name(builtin));
  for (std::size_t i = 1; i <= call.values.size(); ++i) out += fmt::format("{}${}", i == 1 ? "" : ", ", i);
  return out + ")";
}

}  // namespace

Task<Result<std::unique_ptr<Request>>> PostgresConversation::next() {
  cancel_asked_ = pin_failed_ = false;
  for (;;) {
    if (relay_ended_) co_return upstream_gone();
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame.ok()) {
      const Error error = frame.error();
      NG_CO_TRY_VOID(co_await violation(error));
      co_return error;
    }
    if (!*frame) {
      NG_CO_TRY_VOID(co_await flush());
      const Result<Done> filled = co_await reader_.fill();
      if (filled.ok()) continue;
      if (relay_ended_) co_return upstream_gone();
      if (filled.error().code == Code::closed && !terminated_) co_return std::unique_ptr<Request>();
      co_return filled.error();
    }
    if ((*frame)->type == 'X') co_return std::unique_ptr<Request>();
    // After an error, ours or the server's, a pipeline is ignored up to its Sync.
    if ((skipping_ || answers_.discarding()) && (*frame)->type != 'S') continue;
    if ((*frame)->excess == Frame::Excess::piece) continue;
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

// The session goes on as it would after a statement that fails.
Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::refuse_excess(char type) {
  NG_CO_TRY_VOID(co_await outside_copy(type));
  auto request = std::make_unique<PostgresRequest>();
  request->kind = type == 'Q'   ? RequestKind::query
                  : type == 'P' ? RequestKind::parse
                  : type == 'F' ? RequestKind::function_call
                                : RequestKind::execute;
  Denial denial;
  denial.code = DenialCode::limit_exceeded;
  denial.retry = "narrower";
  if (type == 'B' || type == 'F') {
    denial.message = fmt::format("the values of one statement are longer than {} bytes", limits::pg_bind_body_max);
    denial.hint = "Send large values with COPY, or in parts.";
  } else {
    denial.message = fmt::format("the statement is longer than {} bytes", limits::statement_bytes_max);
    denial.hint = "Send it in parts, or its values as parameters or with COPY.";
  }
  NG_CO_TRY_VOID(co_await refuse(std::move(request), std::move(denial)));
  co_return RequestPtr();
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take(const Frame& frame) {
  if (frame.excess == Frame::Excess::end) return refuse_excess(frame.type);
  Result<frontend::Message> message = frontend::decode(frame);
  if (!message.ok() && message.error().code == Code::too_large) return refuse_excess(frame.type);
  if (!message.ok()) return std::move(message).error();
  if (auto taken = take_at_once(*message, frame)) return std::move(*taken);
  return take_in_turn(std::move(message).take(), frame);
}

// The usual case: names and texts whose meaning is known, and nothing to wait for. Does nothing where it is not so.
std::optional<PostgresConversation::RequestPtr> PostgresConversation::take_at_once(const frontend::Message& message,
                                                                                   const Frame& frame) {
  if (answers_.copies_owed() || answers_.size() >= limits::in_flight_max) return std::nullopt;
  if (const auto* query = std::get_if<frontend::Query>(&message)) {
    if (StatementPtr known = recall(query->text)) return query_for(query->text, std::move(known));
  } else if (const auto* bind = std::get_if<frontend::Bind>(&message)) {
    PreparedPtr prepared = names_.statements.find(bind->statement);
    StatementPtr known = prepared && room_for_portal(bind->portal) ? recall(*prepared) : nullptr;
    if (!known || known->gateway_call) return std::nullopt;
    send_bind(*bind, name_portal(*bind, frame.body, std::move(prepared), std::move(known)));
    return RequestPtr();
  } else if (const auto* execute = std::get_if<frontend::Execute>(&message)) {
    PortalPtr portal = names_.portals.find(execute->portal);
    if (StatementPtr known = portal ? recall(*portal->prepared) : nullptr)
      return execute_for(*execute, frame.body, std::move(portal), std::move(known));
  } else if (const auto* parse = std::get_if<frontend::Parse>(&message)) {
    StatementPtr known = recall(parse->text);
    if (known && !known->gateway_call) return parse_for(*parse, frame.body, std::move(known));
  } else if (const auto* describe = std::get_if<frontend::Describe>(&message)) {
    if (described_by_gateway(*describe)) return std::nullopt;
    send_describe(*describe);
    return RequestPtr();
  } else if (std::holds_alternative<frontend::Sync>(message)) {
    take_sync();
    return RequestPtr();
  }
  return std::nullopt;
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_in_turn(frontend::Message message, Frame frame) {
  NG_CO_TRY(const bool copy_took_it, co_await take_copy(message, frame.type));
  if (copy_took_it) co_return RequestPtr();
  if (answers_.size() >= limits::in_flight_max) NG_CO_TRY_VOID(co_await drained());

  if (const auto* query = std::get_if<frontend::Query>(&message)) co_return co_await take_query(query->text);
  if (const auto* parse = std::get_if<frontend::Parse>(&message)) co_return co_await take_parse(*parse, frame.body);
  if (const auto* execute = std::get_if<frontend::Execute>(&message)) co_return co_await take_execute(*execute, frame.body);
  if (const auto* call = std::get_if<frontend::FunctionCall>(&message)) co_return co_await take_function_call(*call, frame.body);
  if (const auto* bind = std::get_if<frontend::Bind>(&message)) {
    NG_CO_TRY_VOID(co_await take_bind(*bind, frame.body));
  } else if (const auto* describe = std::get_if<frontend::Describe>(&message)) {
    NG_CO_TRY_VOID(co_await take_describe(*describe));
  } else if (const auto* close = std::get_if<frontend::Close>(&message)) {
    NG_CO_TRY_VOID(co_await take_close(*close));
  } else if (std::holds_alternative<frontend::Sync>(message)) {
    take_sync();
  } else {
    frontend::write(out_, message);  // Flush
  }
  co_return RequestPtr();
}

void PostgresConversation::take_sync() {
  skipping_ = false;
  answers_.owe({.kind = Kind::sync});
  frontend::write(out_, frontend::Sync{});
}

// The data of a COPY that was permitted, and what may come beside it. Data that no statement asked for stays here: a server
// ignores it.
Task<Result<bool>> PostgresConversation::take_copy(const frontend::Message& message, char type) {
  if (type == 'd' || type == 'c' || type == 'f') {
    if (answers_.wants_copy_data()) frontend::write(out_, message);
    if (type != 'd') answers_.copy_data_ended();
    co_return true;
  }
  if (type == 'H') co_return false;
  if (type != 'S') {
    NG_CO_TRY_VOID(co_await outside_copy(type));
    co_return false;
  }
  if (answers_.copy_awaited()) NG_CO_TRY_VOID(co_await until(&PostgresConversation::copy_settled));
  co_return answers_.copying_in();  // the server would ignore it
}

// Anything but data, Flush and Sync while COPY takes data is out of step.
Task<Result<Done>> PostgresConversation::outside_copy(char type) {
  if (answers_.copy_awaited()) NG_CO_TRY_VOID(co_await until(&PostgresConversation::copy_settled));
  if (!answers_.copying_in()) co_return Done{};
  co_return Error{Code::malformed, Blame::client, fmt::format("message '{}' while COPY takes data", type)};
}

PostgresConversation::RequestPtr PostgresConversation::query_for(std::string_view text, StatementPtr statement) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::query;
  request->sql = text;
  request->statement = std::move(statement);
  return looked_at(std::move(request));
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_query(std::string_view text) {
  NG_CO_TRY(StatementPtr statement, co_await understand(text));
  co_return query_for(text, std::move(statement));
}

PostgresConversation::RequestPtr PostgresConversation::parse_for(const frontend::Parse& parse, ByteView body,
                                                                 StatementPtr statement) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::parse;
  request->name = parse.statement;
  request->sql = parse.text;
  request->message = body;
  request->prepared = std::make_shared<const Prepared>(Prepared{std::string(parse.text), statement, epoch(), parse.types});
  request->statement = std::move(statement);
  if (names_.statements.size() >= limits::prepared_statements_max && !names_.statements.find(parse.statement))
    request->statement =
        not_understood(fmt::format("{} prepared statements are open; close some", limits::prepared_statements_max));
  return request;
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_parse(const frontend::Parse& parse, ByteView body) {
  NG_CO_TRY(StatementPtr statement, co_await understand(parse.text));
  RequestPtr request = parse_for(parse, body, std::move(statement));
  if (!request->statement->gateway_call) co_return request;

  // For the gateway itself: the upstream never hears of this name.
  names_.statements.sent(request->name, request->prepared);
  names_.statements.settled(request->name, request->prepared, true);
  Bytes out;
  answer::parse_complete(out);
  NG_CO_TRY_VOID(co_await say_local(std::move(out)));
  co_return RequestPtr();
}

bool PostgresConversation::room_for_portal(std::string_view name) const {
  return names_.portals.size() < portals_max || names_.portals.find(name);
}

PostgresConversation::PortalPtr PostgresConversation::name_portal(const frontend::Bind& bind, ByteView body, PreparedPtr prepared,
                                                                  StatementPtr statement) {
  auto portal = std::make_shared<Portal>();
  portal->prepared = std::move(prepared);
  portal->statement = std::move(statement);
  if (body.size() <= limits::bind_bytes_recorded_max) portal->bind = as_text(body);
  portal->holds_mask = holds_a_mask(bind, *portal->statement);
  names_.portals.sent(bind.portal, portal);
  return portal;
}

void PostgresConversation::send_bind(const frontend::Bind& bind, PortalPtr portal) {
  if (answers_.owe({.kind = Kind::bind, .name = std::string(bind.portal), .portal = std::move(portal)}))
    frontend::write(out_, bind);
}

Task<Result<Done>> PostgresConversation::take_bind(const frontend::Bind& bind, ByteView body) {
  NG_CO_TRY_VOID(co_await settle_meaning());  // it may be about the name
  if (!room_for_portal(bind.portal))
    co_return Error{Code::too_large, Blame::client, fmt::format("{} portals are open", portals_max)};
  PreparedPtr prepared = names_.statements.find(bind.statement);
  StatementPtr statement;
  if (prepared) {
    NG_CO_TRY(statement, co_await understand_again(*prepared));
  } else {  // perhaps one that SQL's PREPARE made: both share one name space
    std::string text = "EXECUTE " + quoted_name(bind.statement);
    NG_CO_TRY(statement, co_await understand(text));
    prepared = std::make_shared<const Prepared>(Prepared{std::move(text), statement, epoch()});
  }
  PortalPtr portal = name_portal(bind, body, std::move(prepared), std::move(statement));
  if (!portal->statement->gateway_call) {
    send_bind(bind, std::move(portal));
    co_return Done{};
  }
  names_.portals.settled(bind.portal, portal, true);
  Bytes out;
  answer::bind_complete(out);
  co_return co_await say_local(std::move(out));
}

// What it asks about, if that is a question to the gateway itself.
const GatewayCall* PostgresConversation::described_by_gateway(const frontend::Describe& describe) const {
  PreparedPtr prepared;
  if (describe.kind == frontend::NameKind::statement) {
    prepared = names_.statements.find(describe.name);
  } else if (const auto portal = names_.portals.find(describe.name)) {
    prepared = portal->prepared;
  }
  return prepared && prepared->statement->gateway_call ? &*prepared->statement->gateway_call : nullptr;
}

// nullptr: made by SQL, or not known.
PostgresConversation::StatementPtr PostgresConversation::described_statement(const frontend::Describe& describe) const {
  if (describe.kind == frontend::NameKind::portal) {
    const PortalPtr portal = names_.portals.find(describe.name);
    return portal ? portal->statement : nullptr;
  }
  const PreparedPtr prepared = names_.statements.find(describe.name);
  return prepared ? prepared->statement : nullptr;
}

void PostgresConversation::send_describe(const frontend::Describe& describe) {
  if (answers_.owe({.kind = Kind::describe, .statement = described_statement(describe)})) frontend::write(out_, describe);
}

Task<Result<Done>> PostgresConversation::take_describe(const frontend::Describe& describe) {
  const GatewayCall* call = described_by_gateway(describe);
  if (call == nullptr) {
    send_describe(describe);
    co_return Done{};
  }
  Bytes out;
  if (describe.kind == frontend::NameKind::statement) answer::parameter_description(out, {});
  const auto& columns = columns_of(*call);
  const std::vector<std::string_view> names(columns.begin(), columns.end());
  if (names.empty()) answer::no_data(out);
  else answer::text_columns(out, names);
  co_return co_await say_local(std::move(out));
}

PostgresConversation::RequestPtr PostgresConversation::execute_for(const frontend::Execute& execute, ByteView body,
                                                                   PortalPtr portal, StatementPtr statement) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::execute;
  request->name = execute.portal;
  request->message = body;
  request->prepared = portal->prepared;
  request->sql = request->prepared->text;
  request->statement = std::move(statement);
  // The server planned it at Bind, and what it calls runs now: unless both are one meaning, neither is certain.
  if (request->statement != portal->statement && !same_meaning(*request->statement, *portal->statement))
    request->statement = not_understood("what it means has changed since Bind; bind it again");
  request->portal = std::move(portal);
  return looked_at(std::move(request));
}

Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_execute(const frontend::Execute& execute,
                                                                                  ByteView body) {
  NG_CO_TRY_VOID(co_await settle_meaning());  // it may be about the name
  if (PortalPtr portal = names_.portals.find(execute.portal)) {
    NG_CO_TRY(StatementPtr statement, co_await understand_again(*portal->prepared));
    co_return execute_for(execute, body, std::move(portal), std::move(statement));
  }
  // Perhaps a cursor that SQL declared: portals and cursors share one name space too.
  std::string fetch = "FETCH ALL FROM " + quoted_name(execute.portal);
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::execute;
  request->name = execute.portal;
  request->message = body;
  NG_CO_TRY(request->statement, co_await understand(fetch));
  request->prepared = std::make_shared<const Prepared>(Prepared{std::move(fetch), request->statement, epoch()});
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
  if (answers_.owe({.kind = Kind::close, .closes_statement = is_statement, .name = std::string(close.name)}))
    frontend::write(out_, close);
  co_return Done{};
}

// A fast-path call means what the same call means in SELECT. Its value comes without a place of origin, so that nothing masked
// may be in it.
Task<Result<PostgresConversation::RequestPtr>> PostgresConversation::take_function_call(frontend::FunctionCall call,
                                                                                        ByteView body) {
  auto request = std::make_unique<PostgresRequest>();
  request->kind = PostgresRequest::Kind::function_call;
  request->message = body;
  NG_CO_TRY(const bool catalog_is_there, co_await look_around());
  std::string text = catalog_is_there ? as_select(call, *understanding_.catalog()) : "";
  StatementPtr statement;
  if (text.empty()) {
    text = fmt::format("fast-path call of function {}", call.function);
    statement = not_understood(text);
  } else {
    NG_CO_TRY(statement, co_await understand(text));
    if (statement->masks) statement = not_understood("fast-path call: its value may hold masked ones; use SELECT");
  }
  request->statement = std::move(statement);
  request->prepared = std::make_shared<const Prepared>(Prepared{std::move(text), request->statement});
  request->sql = request->prepared->text;
  co_return request;
}

// The client broke the protocol: it hears so, and the connection ends, because nobody knows where its next message begins.
Task<Result<Done>> PostgresConversation::violation(Error error) {
  NG_CO_TRY_VOID(co_await flush(limits::slow_client_deadline));
  Refusal refusal = refusal_for(error, Moment::session);
  refusal.severity = Severity::fatal;
  Bytes out;
  write(out, refusal);
  (void)co_await client_.say(std::string(as_text(out)));
  co_return Done{};
}

}  // namespace narrowgate::postgres
