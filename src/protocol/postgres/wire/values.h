// The pieces that many messages share: values with a length, format codes, type ids. Each list comes behind a 16-bit count, which
// is believed only as far as the bytes that are there.
#pragma once

#include <span>
#include <vector>

#include "protocol/postgres/wire/messages_frontend.h"
#include "protocol/wire/reader.h"
#include "protocol/wire/writer.h"

namespace narrowgate::postgres {

inline Value read_value(wire::Reader& in) {
  const std::int32_t size = in.i32();
  if (size >= 0) return in.bytes(std::size_t(size));
  if (size != -1) in.refuse("holds a value of negative length");
  return {};
}

inline std::vector<Value> read_values(wire::Reader& in) {
  const std::size_t count = in.u16();
  std::vector<Value> values;
  if (!in.holds(count, 4)) return values;
  values.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) values.push_back(read_value(in));
  return values;
}

inline Format read_format(wire::Reader& in) {
  const std::uint16_t code = in.u16();
  if (code > 1) in.refuse("holds a format code that is neither 0 nor 1");
  return code == 1 ? Format::binary : Format::text;
}

inline std::vector<Format> read_formats(wire::Reader& in) {
  const std::size_t count = in.u16();
  std::vector<Format> formats;
  if (!in.holds(count, 2)) return formats;
  formats.reserve(count);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) formats.push_back(read_format(in));
  return formats;
}

inline std::vector<std::uint32_t> read_types(wire::Reader& in) {
  const std::size_t count = in.u16();
  std::vector<std::uint32_t> types;
  if (!in.holds(count, 4)) return types;
  types.reserve(count);
  for (std::size_t i = 0; i < count; ++i) types.push_back(in.u32());
  return types;
}

// A list's count. More than 65,535 items would be a bug: a decoder never makes them.
inline void write_count(wire::Writer out, std::size_t count) {
  NG_CHECK(count <= 0xFFFF);
  out.u16(std::uint16_t(count));
}

inline void write_value(wire::Writer out, const Value& value) {
  if (!value) return out.i32(-1);
  out.i32(std::int32_t(value->size()));
  out.bytes(*value);
}

inline void write_values(wire::Writer out, std::span<const Value> values) {
  write_count(out, values.size());
  for (const Value& value : values) write_value(out, value);
}

inline void write_formats(wire::Writer out, std::span<const Format> formats) {
  write_count(out, formats.size());
  for (const Format format : formats) out.u16(std::uint16_t(format));
}

inline void write_types(wire::Writer out, std::span<const std::uint32_t> types) {
  write_count(out, types.size());
  for (const std::uint32_t type : types) out.u32(type);
}

}  // namespace narrowgate::postgres
