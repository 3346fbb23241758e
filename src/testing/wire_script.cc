#include "testing/wire_script.h"

#include <gtest/gtest.h>

namespace narrowgate::testing {
namespace {

constexpr std::size_t kPieces[] = {1, 2, 3, 4, 5, 6, 7, 8, 16, 31, whole};

Denial revoked() {
  Denial denial;
  denial.code = DenialCode::revoked;
  denial.message = "access was revoked";
  denial.retry = "never";
  return denial;
}

}  // namespace

WireScript& WireScript::rule(std::string text, Ruling ruling) {
  rules_.emplace_back(std::move(text), ruling);
  return *this;
}

WireScript& WireScript::with(std::function<void(Setup&)> change) {
  change(setup_);
  return *this;
}

WireScript& WireScript::step(std::string name, std::function<Task<void>(WireRun&)> play) {
  steps_.push_back({std::move(name), std::move(play)});
  return *this;
}

Ruling WireScript::decide(const Request& request) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule)
    if (request.text().starts_with(rule->first) && (request.runs() || !rule->second.only_running)) return rule->second;
  return {};
}

namespace {
// Steps that wait for nothing.
Task<void> at_once(std::function<void()> act) {
  act();
  co_return;
}
}  // namespace

WireScript& WireScript::client_sends(Bytes bytes) {
  return step("client sends", [bytes](WireRun& run) { return run.client_sends(bytes); });
}
WireScript& WireScript::upstream_sees(Texts lines) {
  return step("upstream sees " + lines.at(0), [lines](WireRun& run) { return run.upstream_sees(lines); });
}
WireScript& WireScript::upstream_sees_copy(std::string data) {
  return step("upstream sees copy data", [data](WireRun& run) { return run.upstream_sees_copy(data); });
}
WireScript& WireScript::upstream_answers(Bytes bytes) {
  return step("upstream answers", [bytes](WireRun& run) { return run.upstream_answers(bytes); });
}
WireScript& WireScript::client_hears(Texts lines) {
  return step("client hears " + lines.at(0), [lines](WireRun& run) { return run.client_hears(lines); });
}
WireScript& WireScript::client_hears_end() {
  return step("client hears the end", [](WireRun& run) { return run.client_hears_end(); });
}
WireScript& WireScript::is_relayed(Bytes unit, std::size_t times) {
  return step("bulk is relayed", [unit, times](WireRun& run) { return run.relay_often(unit, times); });
}
WireScript& WireScript::client_cancels() {
  return step("client cancels", [](WireRun& run) { return run.client_cancels(); });
}
WireScript& WireScript::upstream_sees_cancel() {
  return step("upstream sees a cancel request", [](WireRun& run) { return run.upstream_sees_cancel(); });
}
WireScript& WireScript::is_held() {
  return step("is held", [](WireRun& run) { return run.hold_is_there(); });
}
WireScript& WireScript::people_agree() {
  return step("people agree", [](WireRun& run) { return at_once([&run] { run.people_say(Ruling::What::permit); }); });
}
WireScript& WireScript::people_refuse() {
  return step("people refuse", [](WireRun& run) { return at_once([&run] { run.people_say(Ruling::What::deny); }); });
}
WireScript& WireScript::client_leaves() {
  return step("client leaves", [](WireRun& run) { return at_once([&run] { run.client_leaves(); }); });
}
WireScript& WireScript::upstream_leaves() {
  return step("upstream leaves", [](WireRun& run) { return at_once([&run] { run.upstream_leaves(); }); });
}
WireScript& WireScript::is_revoked() {
  return step("is revoked", [](WireRun& run) { return at_once([&run] { run.terminate(revoked()); }); });
}
WireScript& WireScript::outcome_is(std::string line) {
  return step("outcome is " + line, [line](WireRun& run) { return run.outcome_is(line); });
}

WireScript& WireScript::settings_are_read(std::string search_path, Texts prepared) {
  upstream_sees({"Query SELECT 'setting'…"});
  Bytes answer = columns({"a", "b", "c"}) + row({"setting", "search_path", search_path}) +
                 row({"setting", "standard_conforming_strings", "on"}) + row({"setting", "client_encoding", "UTF8"}) +
                 row({"role", "narrowgate_rw", ""});
  for (std::size_t i = 0; i + 1 < prepared.size(); i += 2) answer = answer + row({"prepared", prepared[i], prepared[i + 1]});
  return upstream_answers(answer + complete("SELECT 4") + ready());
}

WireScript& WireScript::stamps_are_read(std::string stamps) {
  upstream_sees({"Query SELECT…"});
  return upstream_answers(columns({"stamps"}) + row({stamps}) + complete("SELECT 1") + ready());
}

WireScript& WireScript::stamps_are_read_in_step(std::string stamps) {
  upstream_sees({"Close S narrowgate_check", "Parse narrowgate_check…", "Bind narrowgate_check…", "Execute narrowgate_check",
                 "Close P narrowgate_check", "Close S narrowgate_check"});
  return upstream_answers(bare('3') + bare('1') + bare('2') + row({stamps}) + complete("SELECT 1") + bare('3') + bare('3'));
}

Task<void> WireScript::play_steps(const std::vector<Step>& steps, std::size_t until, Leaver leaver, WireRun& run) {
  for (std::size_t i = 0; i < until; ++i) {
    const std::size_t before = run.failures().size();
    co_await steps[i].play(run);
    if (run.failures().size() > before) co_return run.failed_at(i, steps[i].name);
  }
  if (leaver == Leaver::client) run.client_leaves();
  if (leaver == Leaver::upstream) run.upstream_leaves();
}

void WireScript::play(Setup setup, std::size_t until, Leaver leaver, const std::string& trace) {
  const ::testing::ScopedTrace here("", 0, trace);
  setup.decide = [this](const Request& request) { return decide(request); };
  WireRun run(setup);
  run.run([&](WireRun& one) { return play_steps(steps_, until, leaver, one); });
}

void WireScript::runs() { play(setup_, steps_.size(), Leaver::nobody, "whole"); }

void WireScript::in_pieces() {
  for (const std::size_t piece : kPieces) {
    Setup setup = setup_;
    setup.piece = piece;
    play(setup, steps_.size(), Leaver::nobody, fmt::format("in pieces of {}", piece));
    if (::testing::Test::HasFailure()) return;
  }
}

void WireScript::fails_at_every_step() {
  for (std::size_t i = 0; i <= steps_.size(); ++i)
    for (const Leaver leaver : {Leaver::client, Leaver::upstream}) {
      const char* who = leaver == Leaver::client ? "client" : "upstream";
      play(setup_, i, leaver,
           fmt::format("the {} leaves before step {}: {}", who, i, i < steps_.size() ? steps_[i].name : "the end"));
      if (::testing::Test::HasFailure()) return;
    }
}

}  // namespace narrowgate::testing
