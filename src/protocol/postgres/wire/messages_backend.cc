#include "protocol/postgres/wire/messages_backend.h"

#include <fmt/format.h>

#include "protocol/postgres/wire/decimal.h"
#include "protocol/postgres/wire/values.h"

namespace narrowgate::postgres::backend {
namespace {

constexpr Blame blame = Blame::upstream;

Column read_column(wire::Reader& in) {
  Column column;
  column.name = in.cstring();
  column.table = in.u32();
  column.attribute = in.i16();
  column.type = in.u32();
  column.type_size = in.i16();
  column.type_modifier = in.i32();
  column.format = read_format(in);
  return column;
}

template <class Empty>
Result<Empty> decode_empty(std::string_view name, ByteView body) {
  return wire::Reader(body).finish(name, blame, Empty{});
}

template <class Response>
Result<Response> decode_fields(ByteView body) {
  NG_TRY(ErrorFields fields, decode_error_fields(body));
  return Response{std::move(fields)};
}

template <class T>
Result<Message> widen(Result<T> one) {
  if (!one.ok()) return std::move(one).error();
  return Message(std::move(one).take());
}

}  // namespace

Result<Authentication> decode_authentication(ByteView body) {
  using Kind = Authentication::Kind;
  wire::Reader in(body);
  Authentication message;
  message.kind = Kind(in.u32());
  switch (message.kind) {
    case Kind::ok:
    case Kind::kerberos:
    case Kind::cleartext:
    case Kind::gss:
    case Kind::sspi: break;
    case Kind::md5: message.data = in.bytes(4); break;
    case Kind::gss_continue:
    case Kind::sasl_continue:
    case Kind::sasl_final: message.data = in.rest(); break;
    case Kind::sasl:
      while (true) {
        const std::string_view mechanism = in.cstring();
        if (mechanism.empty()) break;  // the list's end, or the reader failed
        message.mechanisms.push_back(mechanism);
      }
      break;
    default: in.refuse("asks for a kind of login that does not exist");
  }
  return in.finish("Authentication", blame, std::move(message));
}

Result<ParameterStatus> decode_parameter_status(ByteView body) {
  wire::Reader in(body);
  ParameterStatus message;
  message.name = in.cstring();
  message.value = in.cstring();
  return in.finish("ParameterStatus", blame, message);
}

Result<BackendKeyData> decode_backend_key_data(ByteView body) {
  wire::Reader in(body);
  BackendKeyData message;
  message.process = in.i32();
  message.key = in.rest();
  if (message.key.size() < 4) in.refuse("holds a key of less than 4 bytes");
  if (message.key.size() > limits::pg_cancel_key_bytes_max) in.refuse("holds a key of more than 256 bytes");
  return in.finish("BackendKeyData", blame, message);
}

Result<NegotiateProtocolVersion> decode_negotiate_protocol_version(ByteView body) {
  wire::Reader in(body);
  NegotiateProtocolVersion message;
  message.major = in.u16();
  message.minor = in.u16();
  const std::size_t count = in.u32();
  if (in.holds(count, 1)) {
    for (std::size_t i = 0; i < count && !in.failed(); ++i) message.refused_options.push_back(in.cstring());
  }
  return in.finish("NegotiateProtocolVersion", blame, std::move(message));
}

Result<ReadyForQuery> decode_ready_for_query(ByteView body) {
  wire::Reader in(body);
  const char status = char(in.u8());
  if (status != 'I' && status != 'T' && status != 'E') in.refuse("has a status that is none of I, T, E");
  return in.finish("ReadyForQuery", blame, ReadyForQuery{TransactionStatus(status)});
}

CommandComplete read_tag(std::string_view tag) {
  CommandComplete message{.tag = tag, .verb = tag, .rows = {}};
  const auto blank = tag.rfind(' ');
  if (blank == std::string_view::npos) return message;
  message.rows = read_decimal(tag.substr(blank + 1));
  if (!message.rows) return message;
  message.verb = tag.substr(0, blank);
  // INSERT names an object id before its count.
  const auto second = message.verb.rfind(' ');
  if (second != std::string_view::npos && read_decimal(message.verb.substr(second + 1)))
    message.verb = message.verb.substr(0, second);
  return message;
}

Result<CommandComplete> decode_command_complete(ByteView body) {
  wire::Reader in(body);
  const std::string_view tag = in.cstring();
  return in.finish("CommandComplete", blame, read_tag(tag));
}

Result<RowDescription> decode_row_description(ByteView body) {
  wire::Reader in(body);
  RowDescription message;
  const std::size_t count = in.u16();
  if (in.holds(count, 19)) {
    message.columns.reserve(count);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) message.columns.push_back(read_column(in));
  }
  return in.finish("RowDescription", blame, std::move(message));
}

Result<DataRow> decode_data_row(ByteView body) {
  wire::Reader in(body);
  DataRow message{read_values(in)};
  return in.finish("DataRow", blame, std::move(message));
}

Result<TextRow> decode_text_row(ByteView body) {
  NG_TRY(const DataRow row, decode_data_row(body));
  TextRow out;
  out.reserve(row.values.size());
  for (const Value& value : row.values) {
    if (value) out.emplace_back(std::string(as_text(*value)));
    else out.emplace_back();
  }
  return out;
}

Result<ParameterDescription> decode_parameter_description(ByteView body) {
  wire::Reader in(body);
  ParameterDescription message{read_types(in)};
  return in.finish("ParameterDescription", blame, std::move(message));
}

Result<CopyResponse> decode_copy_response(CopyResponse::Kind kind, ByteView body) {
  wire::Reader in(body);
  CopyResponse message{.kind = kind};
  const std::uint8_t format = in.u8();
  if (format > 1) in.refuse("has a format that is neither 0 nor 1");
  message.format = format == 1 ? Format::binary : Format::text;
  message.column_formats = read_formats(in);
  return in.finish("CopyResponse", blame, std::move(message));
}

Result<NotificationResponse> decode_notification_response(ByteView body) {
  wire::Reader in(body);
  NotificationResponse message;
  message.process = in.i32();
  message.channel = in.cstring();
  message.payload = in.cstring();
  return in.finish("NotificationResponse", blame, message);
}

Result<FunctionCallResponse> decode_function_call_response(ByteView body) {
  wire::Reader in(body);
  const FunctionCallResponse message{read_value(in)};
  return in.finish("FunctionCallResponse", blame, message);
}

Result<Message> decode(const Frame& frame) {
  const ByteView body = frame.body;
  switch (frame.type) {
    case 'R': return widen(decode_authentication(body));
    case 'S': return widen(decode_parameter_status(body));
    case 'K': return widen(decode_backend_key_data(body));
    case 'v': return widen(decode_negotiate_protocol_version(body));
    case 'Z': return widen(decode_ready_for_query(body));
    case 'E': return widen(decode_fields<ErrorResponse>(body));
    case 'N': return widen(decode_fields<NoticeResponse>(body));
    case 'C': return widen(decode_command_complete(body));
    case 'T': return widen(decode_row_description(body));
    case 'D': return widen(decode_data_row(body));
    case 't': return widen(decode_parameter_description(body));
    case 'G':
    case 'H':
    case 'W': return widen(decode_copy_response(CopyResponse::Kind(frame.type), body));
    case 'd': return Message(CopyData{body});
    case 'c': return widen(decode_empty<CopyDone>("CopyDone", body));
    case 'A': return widen(decode_notification_response(body));
    case 'V': return widen(decode_function_call_response(body));
    case '1': return widen(decode_empty<ParseComplete>("ParseComplete", body));
    case '2': return widen(decode_empty<BindComplete>("BindComplete", body));
    case '3': return widen(decode_empty<CloseComplete>("CloseComplete", body));
    case 'n': return widen(decode_empty<NoData>("NoData", body));
    case 's': return widen(decode_empty<PortalSuspended>("PortalSuspended", body));
    case 'I': return widen(decode_empty<EmptyQueryResponse>("EmptyQueryResponse", body));
    default: return Error{Code::malformed, blame, fmt::format("no message has the type 0x{:02x}", Byte(frame.type))};
  }
}

}  // namespace narrowgate::postgres::backend
