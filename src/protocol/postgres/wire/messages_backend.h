// What an upstream says: bytes → structs that borrow from the frame. messages_answer.h is the other way round.
//
// An upstream is not trusted: the same strictness as for clients, with Blame::upstream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/frames.h"
#include "protocol/postgres/wire/messages_frontend.h"

namespace narrowgate::postgres {

enum class TransactionStatus : char { idle = 'I', open = 'T', failed = 'E' };

namespace backend {

struct Authentication {
  enum class Kind : std::uint32_t {
    ok = 0,
    kerberos = 2,
    cleartext = 3,
    md5 = 5,
    gss = 7,
    gss_continue = 8,
    sspi = 9,
    sasl = 10,
    sasl_continue = 11,
    sasl_final = 12,
  };
  Kind kind = Kind::ok;
  ByteView data;                             // md5: 4 bytes of salt; *_continue, sasl_final: what the mechanism says
  std::vector<std::string_view> mechanisms;  // sasl
};
struct ParameterStatus {
  std::string_view name, value;
};
struct BackendKeyData {
  std::int32_t process = 0;
  ByteView key;  // 4 bytes under 3.0, 4 to 256 under 3.2
};
struct NegotiateProtocolVersion {
  std::uint16_t major = 3, minor = 0;
  std::vector<std::string_view> refused_options;
};
struct ReadyForQuery {
  TransactionStatus status = TransactionStatus::idle;
};
struct ErrorResponse {
  ErrorFields fields;
};
struct NoticeResponse {
  ErrorFields fields;
};
struct CommandComplete {
  std::string_view tag;   // "INSERT 0 5"
  std::string_view verb;  // "INSERT"; without a count the whole tag: "CREATE TABLE"
  std::optional<std::uint64_t> rows;
};
struct Column {
  std::string_view name;
  std::uint32_t table = 0;
  std::int16_t attribute = 0;
  std::uint32_t type = 0;
  std::int16_t type_size = 0;
  std::int32_t type_modifier = -1;
  Format format = Format::text;
};
struct RowDescription {
  std::vector<Column> columns;
};
struct DataRow {
  std::vector<Value> values;
};
struct ParameterDescription {
  std::vector<std::uint32_t> types;
};
struct CopyResponse {
  enum class Kind : char { in = 'G', out = 'H', both = 'W' };
  Kind kind = Kind::in;
  Format format = Format::text;
  std::vector<Format> column_formats = {};
};
struct CopyData {
  ByteView data;
};
struct CopyDone {};
struct NotificationResponse {
  std::int32_t process = 0;
  std::string_view channel, payload;
};
struct FunctionCallResponse {
  Value value;
};
struct ParseComplete {};
struct BindComplete {};
struct CloseComplete {};
struct NoData {};
struct PortalSuspended {};
struct EmptyQueryResponse {};

using Message = std::variant<Authentication, ParameterStatus, BackendKeyData, NegotiateProtocolVersion, ReadyForQuery,
                             ErrorResponse, NoticeResponse, CommandComplete, RowDescription, DataRow, ParameterDescription,
                             CopyResponse, CopyData, CopyDone, NotificationResponse, FunctionCallResponse, ParseComplete,
                             BindComplete, CloseComplete, NoData, PortalSuspended, EmptyQueryResponse>;

Result<Message> decode(const Frame& frame);

// One kind, from the body of a frame known to be of that type.
Result<Authentication> decode_authentication(ByteView body);
Result<ParameterStatus> decode_parameter_status(ByteView body);
Result<BackendKeyData> decode_backend_key_data(ByteView body);
Result<NegotiateProtocolVersion> decode_negotiate_protocol_version(ByteView body);
Result<ReadyForQuery> decode_ready_for_query(ByteView body);
Result<CommandComplete> decode_command_complete(ByteView body);
Result<RowDescription> decode_row_description(ByteView body);
Result<DataRow> decode_data_row(ByteView body);
// A DataRow's values, copied out.
using TextRow = std::vector<std::optional<std::string>>;
Result<TextRow> decode_text_row(ByteView body);
Result<ParameterDescription> decode_parameter_description(ByteView body);
Result<CopyResponse> decode_copy_response(CopyResponse::Kind kind, ByteView body);
Result<NotificationResponse> decode_notification_response(ByteView body);
Result<FunctionCallResponse> decode_function_call_response(ByteView body);

// "INSERT 0 5" → INSERT, 5.
CommandComplete read_tag(std::string_view tag);

}  // namespace backend
}  // namespace narrowgate::postgres
