#include "cli/session_page.h"

#include <fmt/ranges.h>

#include "base/bytes.h"
#include "cli/print.h"

namespace narrowgate::cli {
namespace {

using namespace recording;

constexpr std::size_t kLabel = 10;   // "granted   "
constexpr std::size_t kMargin = 12;  // "  00:01.234 " and what stands under it

std::string spaces(std::size_t count) { return std::string(count, ' '); }

// `text` after a label, wrapped under itself. Lines of the text stay lines.
std::string labelled(std::string label, std::string_view text, std::size_t margin, const PageOptions& options) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    for (std::string& line : wrapped(visible(text.substr(from, to - from)), options.width - margin))
      lines.push_back(std::move(line));
    from = to + 1;
  }
  const std::size_t shown = options.full ? lines.size() : std::min(lines.size(), page_lines_per_text);
  std::string out;
  label.resize(std::max(margin, label.size()), ' ');
  for (std::size_t i = 0; i < shown; ++i) out += (i == 0 ? label : spaces(margin)) + lines[i] + "\n";
  if (shown < lines.size()) out += fmt::format("{}… {} more lines; --full shows them\n", spaces(margin), lines.size() - shown);
  return out;
}

std::string list(const char* label, const std::vector<std::string>& items, const PageOptions& options) {
  if (items.empty()) return labelled(label, "nothing", kLabel, options);
  std::string out;
  for (const std::string& item : items) out += labelled(out.empty() ? label : "", item, kLabel, options);
  return out;
}

std::string fact(const Session& session, const char* name) {
  const auto found = session.summary.facts.find(name);
  return found == session.summary.facts.end() ? std::string() : found->second;
}

std::string clock_of(std::uint64_t mono_ns) {
  const std::uint64_t ms = mono_ns / 1'000'000;
  if (ms >= 3'600'000) return fmt::format("{}:{:02}:{:02}", ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60);
  return fmt::format("{:02}:{:02}.{:03}", ms / 60'000, ms / 1'000 % 60, ms % 1'000);
}

class Timeline {
 public:
  Timeline(const Session& session, const PageOptions& options) : session_(session), options_(options) {
    for (const Step& step : session.steps) steps_[step.seq] = &step;
  }

  std::vector<Event> all() {
    std::vector<Event> out;
    for (const auto& [place, record] : session_.timeline) {
      now_ = record.mono_ns;
      std::string text = std::visit([&, &one = record](const auto& body) { return words(one, body); }, record.body);
      if (!text.empty()) out.push_back({record.mono_ns, std::move(text)});
    }
    return out;
  }

 private:
  std::string at(std::string_view text) const { return labelled("  " + clock_of(now_), text, kMargin, options_); }
  std::string under(std::string_view text) const { return labelled("", text, kMargin, options_); }

  std::string words(const Record&, const Started&) const { return at("connected"); }
  std::string words(const Record& record, const IntentRecord&) const {
    const auto found = steps_.find(record.seq);
    if (found == steps_.end()) return {};
    const Step& step = *found->second;
    std::string out = at(step.text);
    if (!step.parameters.empty()) out += under("with " + parameters(step));
    return out + under(decided(step.decision));
  }
  std::string words(const Record&, const OutcomeRecord& o) const {
    if (o.ending == Ending::unknown) return at("◆ nobody knows whether this was done");
    if (!o.sqlstate.empty())
      return at(fmt::format("◂ error {} after {}", o.sqlstate, short_time(std::chrono::nanoseconds(o.duration_ns))));
    return at(fmt::format("◂ {}  {} rows, {}, {}", o.tag.empty() ? "done" : o.tag, o.rows, short_bytes(o.bytes),
                          short_time(std::chrono::nanoseconds(o.duration_ns))));
  }
  std::string words(const Record&, const HeldRecord& h) const {
    return at(fmt::format("held as {}: {} of {} must agree{}{}", h.approval, h.quorum,
                          h.groups.empty() ? "nobody" : fmt::format("{}", fmt::join(h.groups, ", ")),
                          h.reason.empty() ? "" : ": ", h.reason));
  }
  std::string words(const Record&, const ApprovalRecord& a) const {
    return at(fmt::format("{} {}{}{}{}", a.approval, a.state, a.once ? " once" : "", a.who.empty() ? "" : " by " + a.who,
                          a.how.empty() ? "" : " (" + a.how + ")"));
  }
  std::string words(const Record&, const NoteRecord& n) const { return at(fmt::format("{}: {}", n.kind, n.text)); }
  std::string words(const Record&, const DataRecord& d) const {
    const char* arrow = d.direction == Direction::to_upstream ? "▸" : "◂";
    if (!d.shape.value) return at(fmt::format("{} {} of data", arrow, short_bytes(d.shape.length)));
    return at(fmt::format("{} {}", arrow, *d.shape.value));
  }
  std::string words(const Record&, const EndedRecord& e) const {
    return at(e.revoke_ns == 0 ? "ended: " + e.reason
                               : fmt::format("ended: {}, {} after the revocation", e.reason,
                                             short_time(std::chrono::nanoseconds(e.revoke_ns))));
  }
  std::string words(const Record&, const TextPart&) const { return {}; }
  std::string words(const Record&, const RunRecord& r) const { return at(fmt::format("{}: {}", r.what, r.detail)); }

  static std::string parameters(const Step& step) {
    std::vector<std::string> out;
    for (const Shape& shape : step.parameters)
      out.push_back(shape.null    ? "NULL"
                    : shape.value ? "'" + *shape.value + "'"
                                  : fmt::format("‹{}›", short_bytes(shape.length)));
    return fmt::format("{}", fmt::join(out, ", "));
  }

  static std::string decided(const DecisionFacts& d) {
    std::string out = d.verdict == Verdict::permit ? "✔ permitted" : d.verdict == Verdict::hold ? "■ HELD" : "✗ DENIED";
    if (!d.code.empty()) out += " " + d.code;
    for (const std::string& more :
         {d.danger, d.approval.empty() || d.verdict != Verdict::permit ? "" : "as approved by " + d.approval,
          d.policies.empty() ? "" : fmt::format("{}", fmt::join(d.policies, ", ")), d.decision})
      if (!more.empty()) out += " · " + more;
    return out;
  }

  const Session& session_;
  const PageOptions options_;
  std::map<std::uint64_t, const Step*> steps_;
  std::uint64_t now_ = 0;
};

}  // namespace

std::string short_time(std::chrono::nanoseconds time) {
  const double us = double(time.count()) / 1e3;
  if (us < 1e3) return fmt::format("{:.0f} µs", us);
  if (us < 1e6) return fmt::format("{:.1f} ms", us / 1e3);
  if (us < 60e6) return fmt::format("{:.1f} s", us / 1e6);
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(time).count();
  if (minutes < 60)
    return fmt::format("{} min {} s", minutes, std::chrono::duration_cast<std::chrono::seconds>(time).count() % 60);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string short_bytes(std::uint64_t bytes) {
  if (bytes < 1'000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.1f} kB", double(bytes) / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", double(bytes) / 1e6);
  return fmt::format("{:.1f} GB", double(bytes) / 1e9);
}

std::string session_head(const Session& session, const PageOptions& options) {
  const SessionSummary& s = session.summary;
  std::string out;
  const auto line = [&](const char* label, const std::string& text) {
    if (!text.empty()) out += labelled(label, text, kLabel, options);
  };
  line("session", s.session);
  const std::string owner = fact(session, "owner"), behalf = fact(session, "on_behalf_of");
  line("agent", fact(session, "agent") + (owner.empty() ? "" : ", owner " + owner) + (behalf.empty() ? "" : ", for " + behalf));
  line("task", fmt::format("{}  {}", fact(session, "template"), fact(session, "task")));
  if (!fact(session, "reason").empty()) line("reason", fmt::format("\"{}\" (the agent's words)", fact(session, "reason")));
  line("ticket", fact(session, "ticket"));
  line("resource",
       fact(session, "resource") + (fact(session, "database").empty() ? "" : ", database " + fact(session, "database")));
  line("from", fact(session, "peer"));
  line("time", fmt::format("{} to {}, {}; {}", to_rfc3339(s.started), to_rfc3339(s.last), short_time(s.last - s.started),
                           s.ended ? s.end_reason : "no end is recorded: open, or cut off"));
  line("counts", fmt::format("{} permitted, {} held, {} denied, {} unknown; {} rows, {}", s.permitted, s.held, s.denied,
                             s.unknown, s.rows, short_bytes(s.bytes)));
  out += "\n";
  out += list("asked", session.asked, options) + list("granted", session.granted, options) + list("used", session.used, options);
  out += list("held", session.held, options) + list("denied", session.denied, options);
  return out + "\n";
}

std::vector<Event> session_events(const Session& session, const PageOptions& options) { return Timeline(session, options).all(); }

std::string session_page(const Session& session, const PageOptions& options) {
  std::string out = session_head(session, options);
  for (const Event& event : session_events(session, options)) out += event.text;
  return out;
}

std::chrono::milliseconds replay_pause(std::uint64_t from_ns, std::uint64_t to_ns, double speed) {
  const double ms = to_ns > from_ns ? double(to_ns - from_ns) / 1e6 : 0;
  return std::chrono::milliseconds(std::int64_t(std::clamp(ms, 300.0, 3'000.0) / speed));
}

}  // namespace narrowgate::cli
