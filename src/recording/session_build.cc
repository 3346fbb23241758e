#include "recording/session_build.h"

#include <algorithm>

namespace narrowgate::recording {
namespace {

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (!item.empty() && std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// Scopes are recorded as text, one atom per line or between semicolons.
void add_each(std::vector<std::string>& list, const std::string& text) {
  std::size_t from = 0;
  while (from < text.size()) {
    const auto to = std::min(text.find_first_of(";\n", from), text.size());
    auto item = text.substr(from, to - from);
    item.erase(0, item.find_first_not_of(" \t"));
    add_once(list, item);
    from = to + 1;
  }
}

void count(SessionSummary& s, const IntentRecord& intent) {
  if (intent.decision.verdict == Verdict::permit) ++s.permitted, ++s.unknown;
  if (intent.decision.verdict == Verdict::hold) ++s.held;
  if (intent.decision.verdict == Verdict::denial) ++s.denied;
}

void count(SessionSummary& s, const OutcomeRecord& outcome) {
  if (outcome.ending == Ending::completed && s.unknown > 0) --s.unknown;
  s.rows += outcome.rows, s.bytes += outcome.bytes;
}

}  // namespace

void add_to_summary(SessionSummary& s, const Record& record) {
  if (s.records++ == 0) s.session = record.session, s.started = record.wall();
  s.last = record.wall();
  if (const auto* started = std::get_if<Started>(&record.body)) s.facts.insert(started->facts.begin(), started->facts.end());
  if (const auto* intent = std::get_if<IntentRecord>(&record.body)) count(s, *intent);
  if (const auto* outcome = std::get_if<OutcomeRecord>(&record.body)) count(s, *outcome);
  if (const auto* ended = std::get_if<EndedRecord>(&record.body)) s.ended = true, s.end_reason = ended->reason;
}

Step* SessionBuild::step_of(std::uint64_t intent) {
  const auto found = steps_.find(intent);
  return found == steps_.end() ? nullptr : &out_.steps[found->second];
}

void SessionBuild::add(const Place& place, Record record) {
  add_to_summary(out_.summary, record);
  if (const auto* part = std::get_if<TextPart>(&record.body)) {
    if (part->part == 0) first_part_ = record.seq;
    parts_[first_part_] += part->text;
  }
  if (const auto* intent = std::get_if<IntentRecord>(&record.body)) add_intent(place, record, *intent);
  if (const auto* outcome = std::get_if<OutcomeRecord>(&record.body))
    if (Step* step = step_of(outcome->intent)) step->outcome = *outcome;
  if (const auto* held = std::get_if<HeldRecord>(&record.body))
    if (Step* step = step_of(held->intent)) step->held = *held;
  out_.timeline.emplace_back(place, std::move(record));
}

void SessionBuild::add_intent(const Place& place, const Record& record, const IntentRecord& intent) {
  Step step;
  step.seq = record.seq, step.at = record.wall(), step.mono_ns = record.mono_ns, step.index = place.index;
  step.decision = intent.decision, step.text = intent.text, step.parameters = intent.parameters;
  if (const Step* spelled = step_of(intent.decision_at)) {
    const auto verdict = intent.decision.verdict;
    step.decision = spelled->decision;
    step.decision.verdict = verdict;
  }
  if (const auto parts = parts_.find(intent.text_at); parts != parts_.end()) step.text = parts->second;
  else if (const Step* spelled = step_of(intent.text_at)) step.text = spelled->text;
  steps_[record.seq] = out_.steps.size();
  out_.steps.push_back(std::move(step));
}

Session SessionBuild::finish() {
  const auto fact = [&](const char* name) {
    const auto found = out_.summary.facts.find(name);
    return found == out_.summary.facts.end() ? std::string() : found->second;
  };
  add_each(out_.asked, fact("asked"));
  add_each(out_.granted, fact("granted"));
  for (const Step& step : out_.steps) {
    const std::string& what = step.decision.effects.empty() ? step.text : step.decision.effects;
    if (step.decision.verdict == Verdict::permit) add_each(out_.used, what);
    if (step.decision.verdict == Verdict::hold) add_once(out_.held, what);
    if (step.decision.verdict == Verdict::denial) add_once(out_.denied, what);
  }
  return std::move(out_);
}

}  // namespace narrowgate::recording
