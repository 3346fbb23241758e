#include "protocol/postgres/wire/messages_answer.h"

#include "protocol/postgres/wire/values.h"

namespace narrowgate::postgres::answer {
namespace {

using Login = backend::Authentication::Kind;
constexpr std::uint32_t text_type = 25;  // pg_type.oid of text

void authentication(Writer out, Login kind, std::string_view data = {}) {
  out.message('R', [&] {
    out.u32(std::uint32_t(kind));
    out.text(data);
  });
}

}  // namespace

void authentication_ok(Writer out) { authentication(out, Login::ok); }
void authentication_cleartext(Writer out) { authentication(out, Login::cleartext); }
void authentication_sasl_continue(Writer out, std::string_view data) { authentication(out, Login::sasl_continue, data); }
void authentication_sasl_final(Writer out, std::string_view data) { authentication(out, Login::sasl_final, data); }

void authentication_sasl(Writer out, std::span<const std::string_view> mechanisms) {
  out.message('R', [&] {
    out.u32(std::uint32_t(Login::sasl));
    for (const std::string_view mechanism : mechanisms) out.cstring(mechanism);
    out.u8(0);
  });
}

void negotiate_protocol_version(Writer out, std::uint16_t minor, std::span<const std::string_view> refused_options) {
  out.message('v', [&] {
    out.u16(3);
    out.u16(minor);
    out.u32(std::uint32_t(refused_options.size()));
    for (const std::string_view option : refused_options) out.cstring(option);
  });
}

void parameter_status(Writer out, std::string_view name, std::string_view value) {
  out.message('S', [&] {
    out.cstring(name);
    out.cstring(value);
  });
}

void backend_key_data(Writer out, std::int32_t process, ByteView key) {
  NG_CHECK(key.size() >= 4 && key.size() <= limits::pg_cancel_key_bytes_max);
  out.message('K', [&] {
    out.i32(process);
    out.bytes(key);
  });
}

void ready_for_query(Writer out, TransactionStatus status) {
  out.message('Z', [&] { out.u8(std::uint8_t(status)); });
}

void text_columns(Writer out, std::span<const std::string_view> names, const std::vector<Format>& formats) {
  out.message('T', [&] {
    write_count(out, names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      out.cstring(names[i]);
      out.u32(0);  // of no table
      out.i16(0);
      out.u32(text_type);
      out.i16(-1);  // of any length
      out.i32(-1);
      out.u16(std::uint16_t(frontend::format_of(formats, i)));
    }
  });
}

void text_row(Writer out, std::span<const std::optional<std::string_view>> values) {
  out.message('D', [&] {
    write_count(out, values.size());
    for (const auto& value : values) write_value(out, value ? Value(as_bytes(*value)) : Value());
  });
}

void command_complete(Writer out, std::string_view tag) {
  out.message('C', [&] { out.cstring(tag); });
}

void empty_query_response(Writer out) { out.message('I'); }
void no_data(Writer out) { out.message('n'); }
void portal_suspended(Writer out) { out.message('s'); }
void parse_complete(Writer out) { out.message('1'); }
void bind_complete(Writer out) { out.message('2'); }
void close_complete(Writer out) { out.message('3'); }
void copy_done(Writer out) { out.message('c'); }

void parameter_description(Writer out, std::span<const std::uint32_t> types) {
  out.message('t', [&] { write_types(out, types); });
}

void copy_data(Writer out, ByteView data) {
  out.message('d', [&] { out.bytes(data); });
}

}  // namespace narrowgate::postgres::answer
