// What this folder's tests share: a folder of their own, a clock they hold, a session with something in it.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/fake_clock.h"
#include "recording/reader.h"
#include "recording/recorder.h"
#include "recording/session_log.h"

namespace narrowgate::recording::testing {

namespace fs = std::filesystem;

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (fs::temp_directory_path() / "ng-recording-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempFolder() { fs::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  std::string operator/(const char* name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Options small_options(const std::string& folder) {
  Options options;
  options.folder = folder;
  options.log_name = "audit.test.example/one";
  options.journal_bytes = limits::journal_bytes_min;
  return options;
}

template <class T>
T must(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << to_string(result.error());
    std::abort();
  }
  return std::move(result).take();
}
inline void must(Result<Done> result) { ASSERT_TRUE(result.ok()) << to_string(result.error()); }

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
inline void spill(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), std::streamsize(bytes.size()));
}

inline SessionFacts sample_facts(std::string_view session) {
  SessionFacts facts;
  facts.session = session, facts.task = "tsk_01JD8W", facts.grant = "grt_01JD8X", facts.agent = "refund-bot",
  facts.owner = "human:olu";
  facts.resource = "orders", facts.protocol = "postgres", facts.database = "orders", facts.peer = "10.0.3.7:51514";
  facts.reason = "stuck refunds, JIRA-4412", facts.policy_version = "sha256:9f2c";
  facts.asked = "SELECT public.refunds; UPDATE public.refunds", facts.granted = "SELECT public.refunds";
  return facts;
}

inline Intent sample_intent(std::string_view text) {
  Intent intent;
  intent.decision = "dec_01JD9A", intent.verdict = Verdict::permit, intent.danger = "read",
  intent.effects = "SELECT public.refunds";
  intent.text = text;
  return intent;
}

inline Outcome sample_outcome(std::uint64_t intent) {
  Outcome outcome;
  outcome.intent = intent, outcome.tag = "SELECT 41", outcome.rows = 41, outcome.bytes = 1'900;
  outcome.duration = std::chrono::microseconds{800};
  return outcome;
}

// started, `statements` × (intent, outcome), ended
inline void record_session(Recorder& recorder, std::size_t writer, const std::string& id, int statements) {
  auto log = must(SessionLog::start(recorder, recorder.writer(writer), sample_facts(id)));
  for (int i = 0; i < statements; ++i) {
    const auto text = "SELECT state FROM public.refunds WHERE id = " + std::to_string(i);
    const auto at = must(log->intent(sample_intent(text)));
    must(log->outcome(sample_outcome(at)));
  }
  must(log->end("client left"));
}

}  // namespace narrowgate::recording::testing
