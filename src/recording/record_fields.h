// The fields that the hot path writes straight into the journal and that record.cc writes from values: one grammar, one spelling.
#pragma once

#include <optional>
#include <string_view>

#include "recording/codec.h"
#include "recording/record.h"

namespace narrowgate::recording {

inline constexpr std::uint8_t shape_only = 0, shape_null = 1, shape_full = 2;

constexpr std::size_t record_head_bytes(std::string_view session) { return 1 + 1 + 1 + session.size() + 8 + 8 + 8; }

inline void put_head(Out& out, Kind kind, std::string_view session, std::uint64_t seq, std::int64_t wall_ns,
                     std::uint64_t mono_ns) {
  out.u8(std::uint8_t(kind)), out.u8(record_version), out.text8(session), out.u64(seq), out.i64(wall_ns), out.u64(mono_ns);
}

template <class Policies>
void put_decision(Out& out, std::string_view decision, std::string_view code, std::string_view danger, std::string_view effects,
                  std::string_view approval, const Policies& policies) {
  out.text(decision), out.text(code), out.text(danger), out.text(effects), out.text(approval);
  out.u16(std::uint16_t(policies.size()));
  for (const auto& policy : policies) out.text(policy);
}

struct ShapeView {
  std::uint32_t type;
  bool null;
  std::uint32_t length;
  std::array<Byte, 16> digest;
  std::optional<std::string_view> value;
};
inline void put_shape(Out& out, const ShapeView& p) {
  out.u32(p.type);
  out.u8(p.null ? shape_null : p.value ? shape_full : shape_only);
  if (p.null) return;
  out.u32(p.length), out.raw(p.digest);
  if (p.value) out.text(*p.value);
}

inline void put_outcome(Out& out, std::uint64_t intent, Ending ending, std::uint64_t rows, std::uint64_t bytes,
                        std::uint64_t duration_ns, std::string_view tag, std::string_view sqlstate, std::string_view columns) {
  out.u64(intent), out.u8(std::uint8_t(ending)), out.u64(rows), out.u64(bytes), out.u64(duration_ns);
  out.text(tag), out.text(sqlstate), out.text(columns);
}

}  // namespace narrowgate::recording
