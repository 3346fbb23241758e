#include "protocol/postgres/wire/messages_frontend.h"

#include <fmt/format.h>

#include "protocol/postgres/wire/values.h"

namespace narrowgate::postgres::frontend {
namespace {

constexpr Blame blame = Blame::client;

std::string_view read_name(wire::Reader& in) {
  const std::string_view name = in.cstring();
  if (name.size() > limits::pg_name_bytes_max) in.refuse("holds a name of more than 1,024 bytes");
  return name;
}

NameKind read_name_kind(wire::Reader& in) {
  const char kind = char(in.u8());
  if (kind != 'S' && kind != 'P') in.refuse("names neither a statement nor a portal");
  return NameKind(kind);
}

// 0, 1 or one for each value.
void check_format_count(wire::Reader& in, const std::vector<Format>& formats, std::size_t values) {
  if (formats.size() > 1 && formats.size() != values) in.refuse("has neither 0, 1 nor as many format codes as values");
}

Result<Query> decode_query(ByteView body) {
  wire::Reader in(body);
  const Query message{in.cstring()};
  return in.finish("Query", blame, message);
}

Result<Parse> decode_parse(ByteView body) {
  wire::Reader in(body);
  Parse message;
  message.statement = read_name(in);
  message.text = in.cstring();
  message.types = read_types(in);
  if (message.text.size() > limits::statement_bytes_max) {
    return Error{Code::too_large, blame,
                 fmt::format("a statement of {} bytes; at most {} are taken", message.text.size(), limits::statement_bytes_max)};
  }
  return in.finish("Parse", blame, std::move(message));
}

Result<Bind> decode_bind(ByteView body) {
  wire::Reader in(body);
  Bind message;
  message.portal = read_name(in);
  message.statement = read_name(in);
  message.formats = read_formats(in);
  message.values = read_values(in);
  check_format_count(in, message.formats, message.values.size());
  message.result_formats = read_formats(in);
  return in.finish("Bind", blame, std::move(message));
}

Result<Describe> decode_describe(ByteView body) {
  wire::Reader in(body);
  Describe message;
  message.kind = read_name_kind(in);
  message.name = read_name(in);
  return in.finish("Describe", blame, message);
}

Result<Close> decode_close(ByteView body) {
  wire::Reader in(body);
  Close message;
  message.kind = read_name_kind(in);
  message.name = read_name(in);
  return in.finish("Close", blame, message);
}

Result<Execute> decode_execute(ByteView body) {
  wire::Reader in(body);
  Execute message;
  message.portal = read_name(in);
  message.rows_max = in.i32();
  return in.finish("Execute", blame, message);
}

Result<CopyFail> decode_copy_fail(ByteView body) {
  wire::Reader in(body);
  const CopyFail message{in.cstring()};
  return in.finish("CopyFail", blame, message);
}

Result<FunctionCall> decode_function_call(ByteView body) {
  wire::Reader in(body);
  FunctionCall message;
  message.function = in.u32();
  message.formats = read_formats(in);
  message.values = read_values(in);
  check_format_count(in, message.formats, message.values.size());
  message.result_format = read_format(in);
  return in.finish("FunctionCall", blame, std::move(message));
}

template <class Empty>
Result<Empty> decode_empty(std::string_view name, ByteView body) {
  return wire::Reader(body).finish(name, blame, Empty{});
}

template <class T>
Result<Message> widen(Result<T> one) {
  if (!one.ok()) return std::move(one).error();
  return Message(std::move(one).take());
}

}  // namespace

Result<Message> decode(const Frame& frame) {
  switch (frame.type) {
    case 'Q': return widen(decode_query(frame.body));
    case 'P': return widen(decode_parse(frame.body));
    case 'B': return widen(decode_bind(frame.body));
    case 'D': return widen(decode_describe(frame.body));
    case 'E': return widen(decode_execute(frame.body));
    case 'C': return widen(decode_close(frame.body));
    case 'S': return widen(decode_empty<Sync>("Sync", frame.body));
    case 'H': return widen(decode_empty<Flush>("Flush", frame.body));
    case 'X': return widen(decode_empty<Terminate>("Terminate", frame.body));
    case 'd': return Message(CopyData{frame.body});
    case 'c': return widen(decode_empty<CopyDone>("CopyDone", frame.body));
    case 'f': return widen(decode_copy_fail(frame.body));
    case 'F': return widen(decode_function_call(frame.body));
    default: return Error{Code::malformed, blame, fmt::format("no message has the type 0x{:02x}", Byte(frame.type))};
  }
}

Result<std::string_view> decode_password(ByteView body) {
  wire::Reader in(body);
  const std::string_view password = in.cstring();
  return in.finish("Password", blame, password);
}

Result<SaslInitial> decode_sasl_initial(ByteView body) {
  wire::Reader in(body);
  SaslInitial message;
  message.mechanism = in.cstring();
  const Value data = read_value(in);
  if (data) message.data = as_text(*data);
  return in.finish("SASLInitialResponse", blame, message);
}

void write(wire::Writer out, const Query& message) {
  out.message('Q', [&] { out.cstring(message.text); });
}

void write(wire::Writer out, const Parse& message) {
  out.message('P', [&] {
    out.cstring(message.statement);
    out.cstring(message.text);
    write_types(out, message.types);
  });
}

void write(wire::Writer out, const Bind& message) {
  out.message('B', [&] {
    out.cstring(message.portal);
    out.cstring(message.statement);
    write_formats(out, message.formats);
    write_values(out, message.values);
    write_formats(out, message.result_formats);
  });
}

void write(wire::Writer out, const Describe& message) {
  out.message('D', [&] {
    out.u8(std::uint8_t(message.kind));
    out.cstring(message.name);
  });
}

void write(wire::Writer out, const Execute& message) {
  out.message('E', [&] {
    out.cstring(message.portal);
    out.i32(message.rows_max);
  });
}

void write(wire::Writer out, const Close& message) {
  out.message('C', [&] {
    out.u8(std::uint8_t(message.kind));
    out.cstring(message.name);
  });
}

void write(wire::Writer out, const Sync&) { out.message('S'); }
void write(wire::Writer out, const Flush&) { out.message('H'); }
void write(wire::Writer out, const Terminate&) { out.message('X'); }
void write(wire::Writer out, const CopyDone&) { out.message('c'); }

void write(wire::Writer out, const CopyData& message) {
  out.message('d', [&] { out.bytes(message.data); });
}

void write(wire::Writer out, const CopyFail& message) {
  out.message('f', [&] { out.cstring(message.reason); });
}

void write(wire::Writer out, const FunctionCall& message) {
  out.message('F', [&] {
    out.u32(message.function);
    write_formats(out, message.formats);
    write_values(out, message.values);
    out.u16(std::uint16_t(message.result_format));
  });
}

void write_password(wire::Writer out, std::string_view password) {
  out.message('p', [&] { out.cstring(password); });
}

void write_sasl_initial(wire::Writer out, const SaslInitial& message) {
  out.message('p', [&] {
    out.cstring(message.mechanism);
    write_value(out, message.data ? Value(as_bytes(*message.data)) : Value());
  });
}

void write_sasl_response(wire::Writer out, std::string_view data) {
  out.message('p', [&] { out.text(data); });
}

}  // namespace narrowgate::postgres::frontend
