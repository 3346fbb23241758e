#include "protocol/postgres/masked_copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {
namespace {

Error not_a_row(std::string_view why) {
  return Error{Code::malformed, Blame::upstream, fmt::format("a row of COPY with masked columns cannot be read: {}", why)};
}

void append(Bytes& out, std::string_view text) { out.insert(out.end(), text.begin(), text.end()); }

// A field as it stands in the line, and its value.
struct Field {
  std::string_view raw;
  std::optional<std::string> value;
};

// ---- text: backslashes stand before what is special

char unescaped(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;
  }
}

Field text_field(std::string_view raw, const CopyFormat& format) {
  if (raw == format.null) return {raw, std::nullopt};
  std::string value;
  for (std::size_t i = 0; i < raw.size(); ++i) value += raw[i] == '\\' && i + 1 < raw.size() ? unescaped(raw[++i]) : raw[i];
  return {raw, std::move(value)};
}

std::vector<Field> text_fields(std::string_view line, const CopyFormat& format) {
  std::vector<Field> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '\\') {
      ++i;
      continue;
    }
    if (i < line.size() && line[i] != format.delimiter) continue;
    out.push_back(text_field(line.substr(begin, std::min(i, line.size()) - begin), format));
    begin = i + 1;
  }
  return out;
}

std::string text_of(const std::string& value, const CopyFormat& format) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == format.delimiter) out += '\\';
    out += c;
  }
  return out;
}

// ---- CSV: quotes around what is special

Result<std::vector<Field>> csv_fields(std::string_view line, const CopyFormat& format) {
  std::vector<Field> out;
  std::size_t begin = 0;
  bool quoted = false, was_quoted = false;
  std::string value;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    const bool end = i == line.size();
    if (quoted) {
      if (end) return not_a_row("it ends inside quotes");
      const bool escapes =
          line[i] == format.escape && i + 1 < line.size() && (line[i + 1] == format.quote || line[i + 1] == format.escape);
      if (escapes) value += line[++i];
      else if (line[i] == format.quote) quoted = false;
      else value += line[i];
      continue;
    }
    if (!end && line[i] == format.quote) {
      quoted = was_quoted = true;
      continue;
    }
    if (!end && line[i] != format.delimiter) {
      value += line[i];
      continue;
    }
    const std::string_view raw = line.substr(begin, i - begin);
    out.push_back({raw, !was_quoted && raw == format.null ? std::optional<std::string>() : std::optional(value)});
    begin = i + 1;
    value.clear();
    was_quoted = false;
  }
  return out;
}

std::string csv_of(const std::string& value, const CopyFormat& format) {
  std::string out(1, format.quote);
  for (const char c : value) {
    if (c == format.quote || c == format.escape) out += format.escape;
    out += c;
  }
  return out + format.quote;
}

Result<Done> mask_line(std::string_view line, const CopyFormat& format, std::size_t columns, const FieldMask& mask, Bytes& out) {
  if (!line.ends_with('\n')) return not_a_row("it does not end with its line");
  const std::string_view end = line.substr(line.ends_with("\r\n") ? line.size() - 2 : line.size() - 1);
  line.remove_suffix(end.size());
  const bool csv = format.kind == CopyFormat::Kind::csv;
  if (!csv && line.find('\n') != std::string_view::npos) return not_a_row("it is more than one line");
  std::vector<Field> fields;
  if (csv) {
    NG_TRY(fields, csv_fields(line, format));
  } else {
    fields = text_fields(line, format);
  }
  if (columns != 0 && fields.size() != columns)
    return not_a_row(fmt::format("it has {} fields where {} were expected", fields.size(), columns));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out.push_back(Byte(format.delimiter));
    const FieldMasked masked = fields[i].value ? mask(i, *fields[i].value) : FieldMasked{};
    if (!masked.masked) append(out, fields[i].raw);
    else if (!masked.by) append(out, format.null);
    else append(out, csv ? csv_of(*masked.by, format) : text_of(*masked.by, format));
  }
  append(out, end);
  return Done{};
}

// ---- binary: lengths in front of values

Result<Done> pass_header(wire::Reader& in, wire::Writer out) {
  constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
  const ByteView begin = in.bytes(signature.size());
  if (in.failed() || as_text(begin) != signature) return not_a_row("it does not begin as binary COPY does");
  out.bytes(begin);
  out.u32(in.u32());  // flags
  const std::uint32_t extension = in.u32();
  out.u32(extension);
  out.bytes(in.bytes(extension));
  return Done{};
}

Result<Done> mask_binary(ByteView data, std::uint64_t row, std::size_t columns, const FieldMask& mask, Bytes& out) {
  wire::Reader in(data);
  wire::Writer writer(out);
  if (row == 0) NG_TRY_VOID(pass_header(in, writer));
  if (in.left() == 0) return in.finish("CopyData", Blame::upstream, Done{});
  const std::uint16_t count = in.u16();
  writer.u16(count);
  if (count == 0xFFFF) return in.finish("CopyData", Blame::upstream, Done{});  // the end
  if (columns != 0 && count != columns) return not_a_row(fmt::format("it has {} fields where {} were expected", count, columns));
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    const std::int32_t size = in.i32();
    if (size < 0) {
      writer.i32(-1);
      continue;
    }
    const ByteView value = in.bytes(std::size_t(size));
    const FieldMasked masked = mask(i, as_text(value));
    if (masked.masked && !masked.by) {
      writer.i32(-1);
      continue;
    }
    const ByteView given = masked.masked ? as_bytes(*masked.by) : value;
    writer.i32(std::int32_t(given.size()));
    writer.bytes(given);
  }
  return in.finish("CopyData", Blame::upstream, Done{});
}

}  // namespace

Result<Done> mask_copy_row(ByteView data, const CopyFormat& format, std::uint64_t row, std::size_t columns, const FieldMask& mask,
                           Bytes& out) {
  if (format.kind == CopyFormat::Kind::binary) return mask_binary(data, row, columns, mask, out);
  if (format.header && row == 0) {  // names of columns
    out.insert(out.end(), data.begin(), data.end());
    return Done{};
  }
  return mask_line(as_text(data), format, columns, mask, out);
}

}  // namespace narrowgate::postgres
