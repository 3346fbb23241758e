#include "testing/wire_messages.h"

#include <fmt/ranges.h>

#include "protocol/postgres/wire/messages.h"

namespace narrowgate::testing {
namespace {

namespace frontend = postgres::frontend;
namespace backend = postgres::backend;
namespace answer = postgres::answer;

template <class Message>
Bytes made(const Message& message) {
  Bytes out;
  frontend::write(out, message);
  return out;
}

std::string text_of(const postgres::Value& value) { return value ? std::string(as_text(*value)) : "NULL"; }

template <class Items, class Text>
std::string joined(const Items& items, Text text) {
  std::vector<std::string> out;
  for (const auto& item : items) out.push_back(text(item));
  return fmt::format("{}", fmt::join(out, ", "));
}

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace

Bytes query(std::string_view text) { return made(frontend::Query{text}); }
Bytes parse(std::string_view name, std::string_view text) { return made(frontend::Parse{name, text, {}}); }
Bytes bind(std::string_view portal, std::string_view statement, const Texts& values) {
  frontend::Bind message{.portal = portal, .statement = statement, .formats = {}, .values = {}, .result_formats = {}};
  for (const std::string& value : values) message.values.emplace_back(as_bytes(value));
  return made(message);
}
Bytes describe(char kind, std::string_view name) { return made(frontend::Describe{frontend::NameKind(kind), name}); }
Bytes execute(std::string_view portal, int rows_max) { return made(frontend::Execute{portal, rows_max}); }
Bytes close(char kind, std::string_view name) { return made(frontend::Close{frontend::NameKind(kind), name}); }
Bytes sync() { return made(frontend::Sync{}); }
Bytes flush() { return made(frontend::Flush{}); }
Bytes terminate() { return made(frontend::Terminate{}); }
Bytes copy_data(std::string_view data) { return made(frontend::CopyData{as_bytes(data)}); }
Bytes copy_done() { return made(frontend::CopyDone{}); }
Bytes copy_fail(std::string_view reason) { return made(frontend::CopyFail{reason}); }
Bytes function_call(std::uint32_t oid) { return made(frontend::FunctionCall{.function = oid, .formats = {}, .values = {}}); }

Bytes columns(const Texts& names) {
  Bytes out;
  const std::vector<std::string_view> views(names.begin(), names.end());
  answer::text_columns(out, views);
  return out;
}
Bytes row(const Texts& values) {
  Bytes out;
  const std::vector<std::optional<std::string_view>> views(values.begin(), values.end());
  answer::text_row(out, views);
  return out;
}
Bytes complete(std::string_view tag) {
  Bytes out;
  answer::command_complete(out, tag);
  return out;
}
Bytes ready(char status) {
  Bytes out;
  answer::ready_for_query(out, postgres::TransactionStatus(status));
  return out;
}
Bytes error(std::string_view sqlstate, std::string_view message, std::string_view severity) {
  const postgres::ErrorField fields[] = {{'S', severity}, {'V', severity}, {'C', sqlstate}, {'M', message}};
  Bytes out;
  postgres::write_error_fields(out, postgres::ErrorKind::error, fields);
  return out;
}
Bytes notice(std::string_view message) {
  const postgres::ErrorField fields[] = {{'S', "NOTICE"}, {'V', "NOTICE"}, {'C', "00000"}, {'M', message}};
  Bytes out;
  postgres::write_error_fields(out, postgres::ErrorKind::notice, fields);
  return out;
}
Bytes notification(std::string_view channel, std::string_view payload) {
  Bytes out;
  wire::Writer writer(out);
  writer.message('A', [&] {
    writer.i32(7);
    writer.cstring(channel);
    writer.cstring(payload);
  });
  return out;
}
Bytes parameter(std::string_view name, std::string_view value) {
  Bytes out;
  answer::parameter_status(out, name, value);
  return out;
}
Bytes bare(char type) { return {Byte(type), 0, 0, 0, 4}; }
Bytes copy_in() { return {'G', 0, 0, 0, 7, 0, 0, 0}; }
Bytes copy_out() { return {'H', 0, 0, 0, 7, 0, 0, 0}; }

std::string client_line(const postgres::Frame& frame) {
  const auto message = frontend::decode(frame);
  if (!message.ok()) return "broken: " + message.error().detail;
  return std::visit(Overloaded{[](const frontend::Query& m) { return fmt::format("Query {}", m.text); },
                               [](const frontend::Parse& m) { return fmt::format("Parse {}: {}", m.statement, m.text); },
                               [](const frontend::Bind& m) {
                                 const std::string values = m.values.empty() ? "" : " [" + joined(m.values, text_of) + "]";
                                 return fmt::format("Bind {} {}{}", m.portal, m.statement, values);
                               },
                               [](const frontend::Describe& m) { return fmt::format("Describe {} {}", char(m.kind), m.name); },
                               [](const frontend::Execute& m) {
                                 return fmt::format("Execute {}{}", m.portal,
                                                    m.rows_max > 0 ? fmt::format(" max {}", m.rows_max) : "");
                               },
                               [](const frontend::Close& m) { return fmt::format("Close {} {}", char(m.kind), m.name); },
                               [](const frontend::Sync&) { return std::string("Sync"); },
                               [](const frontend::Flush&) { return std::string("Flush"); },
                               [](const frontend::Terminate&) { return std::string("Terminate"); },
                               [](const frontend::CopyData& m) { return fmt::format("CopyData {}", as_text(m.data)); },
                               [](const frontend::CopyDone&) { return std::string("CopyDone"); },
                               [](const frontend::CopyFail& m) { return fmt::format("CopyFail {}", m.reason); },
                               [](const frontend::FunctionCall& m) { return fmt::format("FunctionCall {}", m.function); }},
                    *message);
}

std::string server_line(const postgres::Frame& frame) {
  const auto message = backend::decode(frame);
  if (!message.ok()) return "broken: " + message.error().detail;
  const auto type = std::string(1, frame.type);
  return std::visit(
      Overloaded{[&](const backend::RowDescription& m) {
                   return "T " + joined(m.columns, [](const auto& c) { return std::string(c.name); });
                 },
                 [&](const backend::DataRow& m) { return "D " + joined(m.values, text_of); },
                 [&](const backend::CommandComplete& m) { return fmt::format("C {}", m.tag); },
                 [&](const backend::ReadyForQuery& m) { return fmt::format("Z {}", char(m.status)); },
                 [&](const backend::ErrorResponse& m) {
                   return fmt::format("E {}{} {}", m.fields.fatal() ? "FATAL " : "", m.fields.sqlstate(), m.fields.message());
                 },
                 [&](const backend::NoticeResponse& m) { return fmt::format("N {}", m.fields.message()); },
                 [&](const backend::NotificationResponse& m) { return fmt::format("A {} {}", m.channel, m.payload); },
                 [&](const backend::ParameterStatus& m) { return fmt::format("S {}={}", m.name, m.value); },
                 [&](const backend::CopyData& m) { return fmt::format("d {}", as_text(m.data)); },
                 [&](const auto&) { return type; }},
      *message);
}

}  // namespace narrowgate::testing
