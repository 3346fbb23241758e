#include "recording/record.h"

#include <fmt/format.h>

#include "recording/codec.h"
#include "recording/record_fields.h"

namespace narrowgate::recording {
namespace {

// ---- sizes: an upper bound, so that a buffer can be had before the bytes are written
template <class Texts>
std::size_t size_of(const Texts& texts) {
  std::size_t size = 2;
  for (const auto& text : texts) size += 4 + std::size(text);
  return size;
}
std::size_t size_of(const Started& b) {
  std::size_t size = 2;
  for (const auto& [name, value] : b.facts) size += 8 + name.size() + value.size();
  return size;
}
std::size_t size_of(const TextPart& b) { return 12 + b.text.size(); }
std::size_t size_of(const DecisionFacts& b) {
  return 32 + b.decision.size() + b.code.size() + b.danger.size() + b.effects.size() + b.approval.size() + size_of(b.policies);
}
std::size_t size_of(const IntentRecord& b) {
  std::size_t size = 48 + size_of(b.decision) + b.text.size();
  for (const Shape& p : b.parameters) size += 32 + (p.value ? p.value->size() : 0);
  return size;
}
std::size_t size_of(const OutcomeRecord& b) { return 64 + b.tag.size() + b.sqlstate.size() + b.columns.size(); }
std::size_t size_of(const HeldRecord& b) { return 32 + b.approval.size() + b.reason.size() + size_of(b.groups); }
std::size_t size_of(const ApprovalRecord& b) { return 32 + b.approval.size() + b.state.size() + b.who.size() + b.how.size(); }
std::size_t size_of(const NoteRecord& b) { return 8 + b.kind.size() + b.text.size(); }
std::size_t size_of(const DataRecord& b) { return 48 + (b.shape.value ? b.shape.value->size() : 0); }
std::size_t size_of(const EndedRecord& b) { return 16 + b.reason.size(); }
std::size_t size_of(const RunRecord& b) { return 8 + b.what.size() + b.detail.size(); }

// ---- writing
void put(Out& out, const std::vector<std::string>& texts) {
  out.u16(std::uint16_t(texts.size()));
  for (const auto& text : texts) out.text(text);
}
void put(Out& out, const Started& b) {
  out.u16(std::uint16_t(b.facts.size()));
  for (const auto& [name, value] : b.facts) out.text(name), out.text(value);
}
void put(Out& out, const TextPart& b) { out.u32(b.part), out.u32(b.parts), out.text(b.text); }
void put(Out& out, const Shape& p) {
  put_shape(out, {p.type, p.null, p.length, p.digest, p.value ? std::optional<std::string_view>(*p.value) : std::nullopt});
}
void put(Out& out, const IntentRecord& b) {
  out.u8(std::uint8_t(b.decision.verdict)), out.u64(b.decision_at);
  if (b.decision_at == 0)
    put_decision(out, b.decision.decision, b.decision.code, b.decision.danger, b.decision.effects, b.decision.approval,
                 b.decision.policies);
  out.u64(b.text_at);
  if (b.text_at == 0) out.text(b.text);
  out.u32(std::uint32_t(b.parameters.size()));
  for (const Shape& p : b.parameters) put(out, p);
  out.u32(b.folded);
}
void put(Out& out, const OutcomeRecord& b) {
  put_outcome(out, b.intent, b.ending, b.rows, b.bytes, b.duration_ns, b.tag, b.sqlstate, b.columns);
}
void put(Out& out, const HeldRecord& b) {
  out.u64(b.intent), out.text(b.approval), out.text(b.reason), out.u32(b.quorum), put(out, b.groups);
}
void put(Out& out, const ApprovalRecord& b) {
  out.text(b.approval), out.text(b.state), out.text(b.who), out.text(b.how), out.u8(b.once);
}
void put(Out& out, const NoteRecord& b) { out.text(b.kind), out.text(b.text); }
void put(Out& out, const DataRecord& b) { out.u64(b.intent), out.u8(std::uint8_t(b.direction)), put(out, b.shape); }
void put(Out& out, const EndedRecord& b) { out.text(b.reason), out.u64(b.revoke_ns); }
void put(Out& out, const RunRecord& b) { out.text(b.what), out.text(b.detail); }

// ---- reading
template <class E>
E enum_up_to(In& in, E most) {
  const auto v = in.u8();
  if (v == 0 || v > std::uint8_t(most)) in.fail();
  return E(v);
}
bool flag(In& in) {
  const auto v = in.u8();
  if (v > 1) in.fail();
  return v == 1;
}
void get(In& in, std::vector<std::string>& texts) {
  const auto count = in.u16();
  if (count > limits::names_max) return in.fail();
  for (unsigned i = 0; i < count && in.ok(); ++i) texts.emplace_back(in.text());
}
void get(In& in, Started& b) {
  const auto count = in.u16();
  if (count > limits::names_max) return in.fail();
  for (unsigned i = 0; i < count && in.ok(); ++i) {
    std::string name(in.text());
    b.facts.emplace_back(std::move(name), in.text());
  }
}
void get(In& in, TextPart& b) {
  b.part = in.u32(), b.parts = in.u32(), b.text = in.text();
  if (b.part >= b.parts) in.fail();
}
void get(In& in, Shape& p) {
  p.type = in.u32();
  const auto flags = in.u8();
  if (flags > 2) return in.fail();
  p.null = flags == shape_null;
  if (p.null) return;
  p.length = in.u32();
  const ByteView digest = in.raw(p.digest.size());
  if (in.ok()) std::copy(digest.begin(), digest.end(), p.digest.begin());
  if (flags == shape_full) p.value = std::string(in.text());
}
void get(In& in, DecisionFacts& b) {
  b.decision = in.text(), b.code = in.text(), b.danger = in.text(), b.effects = in.text(), b.approval = in.text();
  get(in, b.policies);
}
void get(In& in, IntentRecord& b) {
  b.decision.verdict = enum_up_to(in, Verdict::denial), b.decision_at = in.u64();
  if (b.decision_at == 0) get(in, b.decision);
  b.text_at = in.u64();
  if (b.text_at == 0) b.text = in.text();
  const auto count = in.u32();
  if (count > limits::parameters_max + 1) return in.fail();  // one more for the folded rest
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) get(in, b.parameters.emplace_back());
  b.folded = in.u32();
}
void get(In& in, OutcomeRecord& b) {
  b.intent = in.u64(), b.ending = enum_up_to(in, Ending::unknown), b.rows = in.u64(), b.bytes = in.u64(),
  b.duration_ns = in.u64();
  b.tag = in.text(), b.sqlstate = in.text(), b.columns = in.text();
}
void get(In& in, HeldRecord& b) {
  b.intent = in.u64(), b.approval = in.text(), b.reason = in.text(), b.quorum = in.u32();
  get(in, b.groups);
}
void get(In& in, ApprovalRecord& b) {
  b.approval = in.text(), b.state = in.text(), b.who = in.text(), b.how = in.text(), b.once = flag(in);
}
void get(In& in, NoteRecord& b) { b.kind = in.text(), b.text = in.text(); }
void get(In& in, DataRecord& b) { b.intent = in.u64(), b.direction = enum_up_to(in, Direction::to_client), get(in, b.shape); }
void get(In& in, EndedRecord& b) { b.reason = in.text(), b.revoke_ns = in.u64(); }
void get(In& in, RunRecord& b) { b.what = in.text(), b.detail = in.text(); }

template <std::size_t I = 0>
Body body_of(std::size_t index) {
  if constexpr (I + 1 < std::variant_size_v<Body>) {
    if (index != I) return body_of<I + 1>(index);
  }
  return Body{std::in_place_index<I>};
}

}  // namespace

std::string_view to_string(Kind kind) {
  constexpr std::string_view names[] = {"?",        "started", "text_part", "intent", "outcome", "held",
                                        "approval", "note",    "data",      "ended",  "run"};
  const auto i = std::size_t(kind);
  return i < std::size(names) ? names[i] : "?";
}
std::string_view to_string(Verdict v) { return v == Verdict::permit ? "permit" : v == Verdict::hold ? "hold" : "denial"; }
std::string_view to_string(Ending e) { return e == Ending::completed ? "completed" : "unknown"; }
std::string_view to_string(Direction d) { return d == Direction::to_upstream ? "to_upstream" : "to_client"; }

Bytes encode_record(const Record& record) {
  const std::size_t body = std::visit([](const auto& b) { return size_of(b); }, record.body);
  Bytes bytes(record_head_bytes(record.session) + body);
  Out out(bytes);
  put_head(out, record.kind(), record.session, record.seq, record.wall_ns, record.mono_ns);
  std::visit([&](const auto& b) { put(out, b); }, record.body);
  NG_CHECK(out.fits());
  bytes.resize(out.used());
  return bytes;
}

Result<Record> decode_record(ByteView bytes) {
  const auto bad = [](std::string_view what) { return Error{Code::malformed, Blame::gateway, fmt::format("record: {}", what)}; };
  if (bytes.size() > limits::record_bytes_max) return bad("longer than any record");
  In in(bytes);
  const auto kind = in.u8();
  if (kind == 0 || kind > std::variant_size_v<Body>) return bad(fmt::format("kind {} is not known", kind));
  if (in.u8() != record_version) return bad("of a version this program does not know");
  Record record;
  record.session = in.text8();
  if (record.session.empty() || record.session.size() > limits::session_id_max) return bad("session id of a wrong length");
  record.seq = in.u64(), record.wall_ns = in.i64(), record.mono_ns = in.u64();
  if (record.seq == 0) return bad("seq starts at 1");
  record.body = body_of(kind - 1u);
  std::visit([&](auto& b) { get(in, b); }, record.body);
  if (!in.ok()) return bad(fmt::format("{} has a field that is cut off or out of range", to_string(Kind(kind))));
  if (!in.finished()) return bad(fmt::format("{} has {} bytes too many", to_string(Kind(kind)), in.left()));
  return record;
}

}  // namespace narrowgate::recording
