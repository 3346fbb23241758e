// What the gateway itself says to a client: structs and plain values → bytes, appended.
//
// Text handed in must hold no zero byte (wire::Writer). What comes from elsewhere goes through printable_text() first.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "protocol/postgres/wire/messages_backend.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres::answer {

using wire::Writer;

void authentication_ok(Writer out);
void authentication_cleartext(Writer out);
void authentication_sasl(Writer out, std::span<const std::string_view> mechanisms);
void authentication_sasl_continue(Writer out, std::string_view data);
void authentication_sasl_final(Writer out, std::string_view data);
// The newest minor version of protocol 3 we speak, and the _pq_ options we do not know.
void negotiate_protocol_version(Writer out, std::uint16_t minor, std::span<const std::string_view> refused_options);
void parameter_status(Writer out, std::string_view name, std::string_view value);
void backend_key_data(Writer out, std::int32_t process, ByteView key);
void ready_for_query(Writer out, TransactionStatus status);

// A table of text. `formats` as in Bind: text looks the same in both, so only the label changes.
void text_columns(Writer out, std::span<const std::string_view> names, const std::vector<Format>& formats = {});
void text_row(Writer out, std::span<const std::optional<std::string_view>> values);
void command_complete(Writer out, std::string_view tag);
void empty_query_response(Writer out);
void no_data(Writer out);
void portal_suspended(Writer out);
void parse_complete(Writer out);
void bind_complete(Writer out);
void close_complete(Writer out);
void parameter_description(Writer out, std::span<const std::uint32_t> types);
void copy_data(Writer out, ByteView data);
void copy_done(Writer out);

}  // namespace narrowgate::postgres::answer
