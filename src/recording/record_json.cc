#include "recording/record_json.h"

#include <boost/json/serialize.hpp>

namespace narrowgate::recording {
namespace {

template <class Texts>
json::array json_list(const Texts& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(json_text(text));
  return out;
}

json::object json_of(const Shape& s) {
  if (s.null) return {{"type", s.type}, {"null", true}};
  json::object out{{"type", s.type}, {"length", s.length}, {"digest", to_hex(s.digest)}};
  if (s.value) out["value"] = json_text(*s.value);
  return out;
}

json::array json_of(const std::vector<Shape>& shapes) {
  json::array out;
  for (const Shape& shape : shapes) out.emplace_back(json_of(shape));
  return out;
}

// Fields that are empty say nothing.
void put_text(json::object& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out[name] = json_text(text);
}

void put(json::object& out, const DecisionFacts& d) {
  out["verdict"] = to_string(d.verdict);
  put_text(out, "decision", d.decision), put_text(out, "code", d.code), put_text(out, "danger", d.danger);
  put_text(out, "effects", d.effects), put_text(out, "approval", d.approval);
  if (!d.policies.empty()) out["policies"] = json_list(d.policies);
}

void put(json::object& out, const Started& b) {
  json::object facts;
  for (const auto& [name, value] : b.facts) facts[name] = json_text(value);
  out["facts"] = std::move(facts);
}
void put(json::object& out, const TextPart& b) { out["part"] = b.part, out["parts"] = b.parts, out["text"] = json_text(b.text); }
void put(json::object& out, const IntentRecord& b) {
  put(out, b.decision);
  if (b.decision_at != 0) out["decision_at"] = b.decision_at;
  if (b.text_at != 0) out["text_at"] = b.text_at;
  else out["text"] = json_text(b.text);
  if (!b.parameters.empty()) out["parameters"] = json_of(b.parameters);
  if (b.folded != 0) out["folded"] = b.folded;
}
void put(json::object& out, const OutcomeRecord& b) {
  out["intent"] = b.intent, out["ending"] = to_string(b.ending), out["rows"] = b.rows, out["bytes"] = b.bytes;
  out["duration_ns"] = b.duration_ns;
  put_text(out, "tag", b.tag), put_text(out, "sqlstate", b.sqlstate), put_text(out, "columns", b.columns);
}
void put(json::object& out, const HeldRecord& b) {
  out["intent"] = b.intent, out["approval"] = json_text(b.approval), out["quorum"] = b.quorum,
  out["groups"] = json_list(b.groups);
  put_text(out, "reason", b.reason);
}
void put(json::object& out, const ApprovalRecord& b) {
  out["approval"] = json_text(b.approval), out["state"] = json_text(b.state), out["once"] = b.once;
  put_text(out, "who", b.who), put_text(out, "how", b.how);
}
void put(json::object& out, const NoteRecord& b) { out["note"] = json_text(b.kind), out["text"] = json_text(b.text); }
void put(json::object& out, const DataRecord& b) {
  out["intent"] = b.intent, out["direction"] = to_string(b.direction), out["data"] = json_of(b.shape);
}
void put(json::object& out, const EndedRecord& b) {
  out["reason"] = json_text(b.reason);
  if (b.revoke_ns != 0) out["revoke_ns"] = b.revoke_ns;
}
void put(json::object& out, const RunRecord& b) { out["what"] = json_text(b.what), out["detail"] = json_text(b.detail); }

}  // namespace

json::string json_text(std::string_view text) { return json::string(is_utf8(text) ? std::string(text) : visible(text)); }

json::object json_of(const Place& place, const Record& record) {
  json::object out;
  if (place.index) out["index"] = *place.index;
  out["session"] = json_text(record.session), out["seq"] = record.seq, out["time"] = to_rfc3339(record.wall());
  out["mono_ns"] = record.mono_ns, out["kind"] = to_string(record.kind());
  std::visit([&](const auto& body) { put(out, body); }, record.body);
  return out;
}

json::object json_of(const SessionSummary& s) {
  json::object facts;
  for (const auto& [name, value] : s.facts) facts[name] = json_text(value);
  json::object out{
      {"session", json_text(s.session)}, {"started", to_rfc3339(s.started)}, {"last", to_rfc3339(s.last)}, {"ended", s.ended}};
  put_text(out, "end_reason", s.end_reason);
  out["records"] = s.records, out["permitted"] = s.permitted, out["held"] = s.held, out["denied"] = s.denied;
  out["unknown"] = s.unknown, out["rows"] = s.rows, out["bytes"] = s.bytes, out["facts"] = std::move(facts);
  return out;
}

json::object json_of(const Step& s) {
  json::object out{{"seq", s.seq}, {"time", to_rfc3339(s.at)}, {"mono_ns", s.mono_ns}};
  if (s.index) out["index"] = *s.index;
  put(out, s.decision);
  out["text"] = json_text(s.text);
  if (!s.parameters.empty()) out["parameters"] = json_of(s.parameters);
  const auto nested = [&](const char* name, const auto& body) {
    if (!body) return;
    json::object inner;
    put(inner, *body);
    inner.erase("intent");
    out[name] = std::move(inner);
  };
  nested("held", s.held), nested("outcome", s.outcome);
  return out;
}

std::string to_json(const SessionSummary& summary) { return json::serialize(json_of(summary)); }

std::string to_json(const Session& s) {
  json::array steps;
  for (const Step& step : s.steps) steps.emplace_back(json_of(step));
  json::object out{{"summary", json_of(s.summary)}, {"asked", json_list(s.asked)}, {"granted", json_list(s.granted)},
                   {"used", json_list(s.used)},     {"held", json_list(s.held)},   {"denied", json_list(s.denied)},
                   {"steps", std::move(steps)}};
  return json::serialize(out);
}

}  // namespace narrowgate::recording
