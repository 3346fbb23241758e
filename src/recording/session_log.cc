#include "recording/session_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "recording/record_fields.h"

namespace narrowgate::recording {
namespace {

constexpr std::int64_t clock_back_worth_noting_ns = 1'000'000;

std::string_view cut(std::string_view text, std::size_t max) { return text.substr(0, std::min(text.size(), max)); }

Need need_of(const Intent& intent) { return intent.durable ? Need::durable : Need::admits; }

// Tells two uses of one decision id apart that differ in anything else. The id is ours, so nobody can aim at a collision.
std::uint64_t print_of(const Intent& i) {
  const std::hash<std::string_view> hash;
  std::uint64_t print = std::uint64_t(i.verdict) + i.policies.size();
  const auto mix = [&](std::string_view text) { print = (print ^ hash(text)) * 0x9E3779B97F4A7C15u; };
  mix(i.code), mix(i.danger), mix(i.effects), mix(i.approval);
  for (const auto& policy : i.policies) mix(policy);
  return print;
}

struct Policies {  // a bounded view, in put_decision's terms
  std::span<const std::string> names;
  std::size_t size() const { return names.size(); }
  struct Iterator {
    const std::string* at;
    std::string_view operator*() const { return cut(*at, limits::word_max); }
    Iterator& operator++() { return ++at, *this; }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };
  Iterator begin() const { return {names.data()}; }
  Iterator end() const { return {names.data() + names.size()}; }
};

std::size_t decision_bytes(const Intent& i, const Policies& policies) {
  std::size_t size = 32 + 4 * limits::word_max + cut(i.effects, limits::prose_max).size();
  for (const auto policy : policies) size += 4 + policy.size();
  return size;
}

// The values beyond limits::parameters_max, as one shape.
ShapeView fold(std::span<const Value> values, const ValueDigest& digest) {
  Bytes all;
  std::uint64_t length = 0;
  for (const Value& value : values) {
    const auto one = value.null ? std::array<Byte, 16>{} : digest(value.bytes);
    all.insert(all.end(), one.begin(), one.end());
    length += value.bytes.size();
  }
  return {0, false, std::uint32_t(std::min<std::uint64_t>(length, ~0u)), digest(all), {}};
}

}  // namespace

SessionLog::SessionLog(Recorder& recorder, JournalWriter& writer, std::string session, Capture capture)
    : recorder_(recorder), writer_(writer), session_(std::move(session)), capture_(capture), started_(recorder.clock().mono()) {}

Result<std::unique_ptr<SessionLog>> SessionLog::start(Recorder& recorder, JournalWriter& writer, const SessionFacts& f,
                                                      Capture capture) {
  if (f.session.empty() || f.session.size() > limits::session_id_max)
    return Error{Code::bug, Blame::gateway, "a session is recorded under its id of 1 to 64 characters"};
  std::unique_ptr<SessionLog> log(new SessionLog(recorder, writer, std::string(f.session), capture));
  Started started;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) started.facts.emplace_back(name, log->clean(value, limits::prose_max));
  };
  add("task", f.task), add("grant", f.grant), add("agent", f.agent), add("owner", f.owner), add("on_behalf_of", f.on_behalf_of);
  add("template", f.task_template), add("reason", f.reason), add("ticket", f.ticket), add("resource", f.resource);
  add("protocol", f.protocol), add("database", f.database), add("peer", f.peer), add("issuer", f.issuer),
      add("subject", f.subject);
  add("assurance", f.assurance), add("policy_version", f.policy_version), add("asked", f.asked), add("granted", f.granted);
  add("expires", f.expires), add("capture", capture == Capture::full ? "full" : "shape");
  NG_TRY_VOID(log->write(std::move(started), Need::admits));
  return log;
}

// Every record goes through here: one stamp, one reservation, one commit. A seq is used up as soon as the record is visible,
// even if syncing it then fails.
template <class Put>
Result<std::uint64_t> SessionLog::put_record(Kind kind, std::size_t body_max, Need need, Put put) {
  if (ended_) return Error{Code::bug, Blame::gateway, fmt::format("session {} was recorded after its end", session_)};
  NG_TRY_VOID(tell_clock(need));
  const auto mono = std::uint64_t((recorder_.clock().mono() - started_).count());
  NG_TRY(auto room, writer_.reserve(record_head_bytes(session_) + body_max, need));
  Out out(room);
  put_head(out, kind, session_, seq_ + 1, wall_ns_, mono);
  put(out);
  NG_CHECK(out.fits());
  ++seq_;
  NG_TRY_VOID(writer_.commit(out.used(), need));
  return seq_;
}

// Reads the wall clock. If it went back, records keep the time they had, and a note says so once.
Result<Done> SessionLog::tell_clock(Need need) {
  const auto now = std::int64_t(recorder_.clock().wall().time_since_epoch().count());
  const auto back = raw_wall_ns_ - now;
  raw_wall_ns_ = now;
  wall_ns_ = std::max(wall_ns_, now);
  if (back < clock_back_worth_noting_ns) return Done{};
  return write(NoteRecord{"clock", fmt::format("the wall clock went back by {} ms", back / 1'000'000)}, need);
}

Result<Done> SessionLog::write(Body body, Need need) {
  Record record{session_, 1, 0, 0, std::move(body)};
  const Bytes bytes = encode_record(record);
  const ByteView fields = ByteView(bytes).subspan(record_head_bytes(session_));
  auto written = put_record(record.kind(), fields.size(), need, [&](Out& out) { out.raw(fields); });
  if (!written.ok()) return std::move(written).error();
  return Done{};
}

std::string SessionLog::clean(std::string_view text, std::size_t max) const {
  std::string out = recorder_.redactor().redact(text);
  if (out.size() > max) out.resize(max);
  return out;
}

Result<std::uint64_t> SessionLog::intent(const Intent& i) {
  const Need need = need_of(i);
  const auto redacted = recorder_.redactor().redact(i.text, scratch_);
  NG_TRY(const auto text_at, settle_text(i.text, redacted, need));
  const auto print = print_of(i);
  const auto decision_at = known_decision(i, print);
  const Policies policies{i.policies.first(std::min(i.policies.size(), limits::names_max))};
  const auto singly = std::min(i.parameters.size(), limits::parameters_max);
  const auto folded = i.parameters.size() - singly;

  std::vector<Shape> full;
  std::size_t values = 0;
  if (capture_ == Capture::full) {
    std::size_t budget = limits::values_bytes_max;
    for (const Value& value : i.parameters.first(singly))
      values += full.emplace_back(shape_of(value, budget)).value.value_or("").size();
  }
  const auto bound = 32 + decision_bytes(i, policies) + (text_at == 0 ? redacted.size() : 0) + 32 * (singly + 1) + values;
  NG_TRY(const auto at, put_record(Kind::intent, bound, need, [&](Out& out) {
           out.u8(std::uint8_t(i.verdict)), out.u64(decision_at);
           if (decision_at == 0)
             put_decision(out, cut(i.decision, limits::word_max), cut(i.code, limits::word_max), cut(i.danger, limits::word_max),
                          cut(i.effects, limits::prose_max), cut(i.approval, limits::word_max), policies);
           out.u64(text_at);
           if (text_at == 0) out.text(redacted);
           out.u32(std::uint32_t(singly + (folded > 0)));
           for (std::size_t n = 0; n < singly; ++n) {
             const Value& v = i.parameters[n];
             if (capture_ == Capture::full)
               put_shape(out, {v.type, full[n].null, full[n].length, full[n].digest,
                               full[n].value ? std::optional<std::string_view>(*full[n].value) : std::nullopt});
             else if (v.null) put_shape(out, {v.type, true, 0, {}, {}});
             else put_shape(out, {v.type, false, std::uint32_t(v.bytes.size()), recorder_.value_digest()(v.bytes), {}});
           }
           if (folded > 0) put_shape(out, fold(i.parameters.subspan(singly), recorder_.value_digest()));
           out.u32(std::uint32_t(folded));
         }));
  if (decision_at == 0) remember(i, print, at);
  // A text that held a secret is not kept in memory either.
  const bool worth_knowing = redacted.size() > limits::text_inline_max && redacted.size() <= limits::text_known_max;
  if (text_at == 0 && worth_knowing && redacted.data() == i.text.data())
    texts_[next_text_++ % texts_.size()] = {at, std::string(redacted)};
  return at;
}

// Where the text already stands, or 0 if the intent is to carry it. Long text is written ahead.
Result<std::uint64_t> SessionLog::settle_text(std::string_view raw, std::string_view redacted, Need need) {
  if (redacted.size() <= limits::text_inline_max) return std::uint64_t(0);
  for (const KnownText& known : texts_)
    if (known.at != 0 && known.text == raw) return known.at;
  if (redacted.size() <= limits::text_part_max) return std::uint64_t(0);
  if (redacted.size() > limits::text_bytes_max)
    return Error{Code::too_large, Blame::client,
                 fmt::format("a text of {} bytes is over the recording's limit", redacted.size())};
  NG_TRY(const auto at, write_parts(redacted, need));
  if (redacted.size() <= limits::text_known_max && redacted.data() == raw.data())
    texts_[next_text_++ % texts_.size()] = {at, std::string(redacted)};
  return at;
}

// → the seq of the first part.
Result<std::uint64_t> SessionLog::write_parts(std::string_view redacted, Need need) {
  const auto parts = std::uint32_t((redacted.size() + limits::text_part_max - 1) / limits::text_part_max);
  std::uint64_t first = 0;
  for (std::uint32_t part = 0; part < parts; ++part) {
    const auto text = redacted.substr(part * limits::text_part_max, limits::text_part_max);
    NG_TRY(const auto at,
           put_record(Kind::text_part, 12 + text.size(), need, [&](Out& out) { out.u32(part), out.u32(parts), out.text(text); }));
    if (part == 0) first = at;
  }
  return first;
}

std::uint64_t SessionLog::known_decision(const Intent& i, std::uint64_t print) const {
  for (const KnownDecision& known : decisions_)
    if (known.at != 0 && known.print == print && std::string_view(known.id.data(), known.id_size) == i.decision) return known.at;
  return 0;
}

void SessionLog::remember(const Intent& i, std::uint64_t print, std::uint64_t at) {
  KnownDecision& known = decisions_[next_decision_++ % decisions_.size()];
  known.at = 0;
  if (i.decision.empty() || i.decision.size() > known.id.size()) return;
  std::copy(i.decision.begin(), i.decision.end(), known.id.begin());
  known.id_size = std::uint8_t(i.decision.size());
  known.at = at, known.print = print;
}

Shape SessionLog::shape_of(const Value& value, std::size_t& budget) const {
  Shape shape;
  shape.type = value.type, shape.null = value.null;
  if (value.null) return shape;
  shape.length = std::uint32_t(value.bytes.size());
  shape.digest = recorder_.value_digest()(value.bytes);
  if (capture_ != Capture::full || value.bytes.size() > limits::value_bytes_max) return shape;
  auto kept = recorder_.redactor().redact(as_text(value.bytes));
  if (kept.size() > budget) return shape;
  budget -= kept.size();
  shape.value = std::move(kept);
  return shape;
}

Result<Done> SessionLog::outcome(const Outcome& o) {
  const auto tag = cut(o.tag, limits::word_max), sqlstate = cut(o.sqlstate, limits::word_max),
             columns = cut(o.columns, limits::prose_max);
  NG_TRY_VOID(put_record(Kind::outcome, 64 + tag.size() + sqlstate.size() + columns.size(), Need::completes, [&](Out& out) {
    put_outcome(out, o.intent, o.ending, o.rows, o.bytes, std::uint64_t(o.duration.count()), tag, sqlstate, columns);
  }));
  return Done{};
}

Result<Done> SessionLog::held(std::uint64_t intent, std::string_view approval, unsigned quorum,
                              std::span<const std::string> groups, std::string_view reason) {
  HeldRecord record{intent, std::string(cut(approval, limits::word_max)), clean(reason, limits::prose_max), quorum, {}};
  for (const auto& group : groups.first(std::min(groups.size(), limits::names_max)))
    record.groups.emplace_back(cut(group, limits::word_max));
  return write(std::move(record), Need::admits);
}

Result<Done> SessionLog::approval(std::string_view approval, std::string_view state, std::string_view who, std::string_view how,
                                  bool once) {
  return write(ApprovalRecord{std::string(cut(approval, limits::word_max)), std::string(cut(state, limits::word_max)),
                              std::string(cut(who, limits::word_max)), std::string(cut(how, limits::word_max)), once},
               Need::completes);
}

Result<Done> SessionLog::note(std::string_view kind, std::string_view text) {
  return write(NoteRecord{std::string(cut(kind, limits::word_max)), clean(text, limits::prose_max)}, Need::completes);
}

Result<Done> SessionLog::data(std::uint64_t intent, Direction direction, ByteView bytes) {
  while (!bytes.empty()) {
    // With shape only there is nothing to split for.
    const auto piece = capture_ == Capture::full ? bytes.first(std::min(bytes.size(), limits::value_bytes_max)) : bytes;
    std::size_t budget = limits::values_bytes_max;
    NG_TRY_VOID(write(DataRecord{intent, direction, shape_of({0, false, piece}, budget)}, Need::admits));
    bytes = bytes.subspan(piece.size());
  }
  return Done{};
}

Result<Done> SessionLog::end(std::string_view reason, std::chrono::nanoseconds revoke) {
  NG_TRY_VOID(write(EndedRecord{clean(reason, limits::prose_max), std::uint64_t(revoke.count())}, Need::completes));
  ended_ = true;
  return Done{};
}

}  // namespace narrowgate::recording
