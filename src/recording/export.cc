#include "recording/export.h"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <map>

#include "recording/record_json.h"

namespace narrowgate::recording {
namespace {

std::string quoted(std::string_view text) { return json::serialize(json::value(json_text(text))); }

// What a terminal may be fed: line breaks stay, every other control character is spelled out.
std::string for_terminal(std::string_view text) {
  std::string out;
  for (std::size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    out += visible(text.substr(from, to - from)) + "\r\n";
    from = to + 1;
  }
  return out;
}

class Cast {
 public:
  explicit Cast(const Session& session) : session_(session) {
    for (const Step& step : session.steps) steps_[step.seq] = &step;
    const auto& facts = session.summary.facts;
    const auto fact = [&](const char* name) { return facts.contains(name) ? facts.at(name) : std::string("-"); };
    title_ = visible(fmt::format("{} · {} · {}", fact("agent"), fact("task"), fact("resource")));
    out_ = fmt::format(
        "{{\"version\": 2, \"width\": 120, \"height\": 36, \"timestamp\": {}, \"title\": {}, \"env\": {{\"TERM\": "
        "\"xterm-256color\", \"NARROWGATE_SESSION\": {}}}}}\n",
        unix_seconds(session.summary.started), quoted(title_), quoted(session.summary.session));
  }

  std::string play() {
    for (const auto& [place, record] : session_.timeline) {
      now_ = double(record.mono_ns) / 1e9;
      std::visit([&](const auto& body) { show(record, body); }, record.body);
    }
    return std::move(out_);
  }

 private:
  void event(char kind, std::string_view text) { out_ += fmt::format("[{:.6f}, \"{}\", {}]\n", now_, kind, quoted(text)); }
  void mark(std::string_view text) { event('m', visible(text)); }

  void show(const Record&, const Started&) { mark("connect " + title_); }
  void show(const Record& record, const IntentRecord& intent) {
    const auto found = steps_.find(record.seq);
    if (found == steps_.end()) return;
    event('i', for_terminal(found->second->text));
    if (intent.decision.verdict == Verdict::denial) mark(fmt::format("DENIED {}", found->second->decision.code));
  }
  void show(const Record&, const OutcomeRecord& o) {
    if (o.ending == Ending::unknown) return mark("OUTCOME UNKNOWN");
    event('o', for_terminal(o.sqlstate.empty() ? o.tag : "ERROR " + o.sqlstate));
  }
  void show(const Record&, const HeldRecord& h) { mark(fmt::format("HOLD {} · {}", h.approval, fmt::join(h.groups, ", "))); }
  void show(const Record&, const ApprovalRecord& a) {
    mark(fmt::format("{}{} by {} ({})", a.state, a.once ? " once" : "", a.who, a.how));
  }
  void show(const Record&, const NoteRecord& n) { mark(fmt::format("{}: {}", n.kind, n.text)); }
  void show(const Record&, const DataRecord& d) {
    if (d.shape.value) event(d.direction == Direction::to_upstream ? 'i' : 'o', for_terminal(*d.shape.value));
  }
  void show(const Record&, const EndedRecord& e) { mark(fmt::format("end: {}", e.reason)); }
  void show(const Record&, const TextPart&) {}
  void show(const Record&, const RunRecord&) {}

  const Session& session_;
  std::map<std::uint64_t, const Step*> steps_;
  std::string title_, out_;
  double now_ = 0;
};

}  // namespace

std::string to_json_line(const Place& place, const Record& record) { return json::serialize(json_of(place, record)); }

std::string to_json_lines(const Session& session) {
  std::string out;
  for (const auto& [place, record] : session.timeline) out += to_json_line(place, record) + "\n";
  return out;
}

std::string to_asciicast(const Session& session) { return Cast(session).play(); }

}  // namespace narrowgate::recording
