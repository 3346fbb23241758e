#include "protocol/postgres/wire/error_fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "protocol/wire/reader.h"

namespace narrowgate::postgres {

std::string_view ErrorFields::get(char code) const {
  for (auto field = fields_.rbegin(); field != fields_.rend(); ++field) {
    if (field->code == code) return field->value;
  }
  return {};
}

Result<ErrorFields> decode_error_fields(ByteView body) {
  wire::Reader in(body);
  std::vector<ErrorField> fields;
  while (const char code = char(in.u8())) fields.push_back({code, in.cstring()});
  return in.finish("ErrorResponse", Blame::upstream, ErrorFields(std::move(fields)));
}

void write_error_fields(wire::Writer out, ErrorKind kind, std::span<const ErrorField> fields) {
  out.message(char(kind), [&] {
    for (const ErrorField& field : fields) {
      out.u8(std::uint8_t(field.code));
      out.cstring(field.value);
    }
    out.u8(0);
  });
}

void write_printable(wire::Writer out, ErrorKind kind, const ErrorFields& fields) {
  std::vector<std::string> values;
  values.reserve(fields.all().size());
  std::vector<ErrorField> printable;
  for (const ErrorField& field : fields.all())
    printable.push_back({field.code, values.emplace_back(printable_text(field.value))});
  write_error_fields(out, kind, printable);
}

std::string printable_text(std::string_view text) {
  if (is_utf8(text)) return visible(text);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool control = (Byte(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
    if (control) out += fmt::format("\\u{{{:x}}}", Byte(c));
    else out += c;
  }
  return out;
}

}  // namespace narrowgate::postgres
