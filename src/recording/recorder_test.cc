#include "recording/recorder.h"

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "recording/file_size_limit.h"
#include "recording/log.h"
#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

VerifyReport verify(const std::string& folder) { return must(must(Reader::open(folder)).verify()); }

std::vector<std::string> texts_of(const std::string& folder, const std::string& session) {
  std::vector<std::string> out;
  for (const Step& step : must(must(Reader::open(folder)).session(session)).steps) out.push_back(step.text);
  return out;
}

// Waits for something that the sealer's thread will do.
template <class Done>
bool comes_true(Done done) {
  for (int i = 0; i < 1'000; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
    if (done()) return true;
  return false;
}

TEST(Recorder, SealsWhatWasAppendedAndLeavesNoJournalBehind) {
  TempFolder temp;
  FakeClock clock;
  auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
  record_session(*recorder, 0, "ses_1", 50);
  ASSERT_TRUE(recorder->flush().ok());
  const auto counters = recorder->counters();
  EXPECT_EQ(counters.records_appended, 102u);
  EXPECT_EQ(counters.records_sealed, 102u);
  EXPECT_EQ(counters.records_waiting, 0u);
  EXPECT_EQ(counters.log_size, counters.checkpoint_size);
  EXPECT_TRUE(counters.ready);
  recorder->close();
  EXPECT_TRUE(fs::is_empty(temp / "r/journal"));
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_EQ(report.records, 104u);  // and the run's own two
  EXPECT_EQ(report.unsigned_records, 0u);
}

TEST(Recorder, SealsByItselfWithoutBeingAsked) {
  TempFolder temp;
  SystemClock clock;
  auto options = small_options(temp / "r");
  options.seal_every = std::chrono::milliseconds(20);
  std::atomic<int> notes{0};
  options.on_checkpoint = [&](std::string_view note) { notes += note.starts_with("audit.test.example/one\n"); };
  auto recorder = must(Recorder::open(options, clock));
  record_session(*recorder, 0, "ses_1", 3);
  EXPECT_TRUE(comes_true([&] { return recorder->counters().checkpoint_size == 9; }));
  EXPECT_GE(notes.load(), 2);
}

TEST(Recorder, ContinuesOneLogOverManyRuns) {
  TempFolder temp;
  FakeClock clock;
  std::string vkey;
  for (int run = 0; run < 5; ++run) {
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    EXPECT_TRUE(run == 0 || recorder->verifier().vkey() == vkey);
    vkey = recorder->verifier().vkey();
    record_session(*recorder, 0, "ses_" + std::to_string(run), 4);
  }
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_EQ(report.records, 5u * (10 + 2));
  EXPECT_EQ(report.segments, 1u);
}

TEST(Recorder, StartsANewSegmentWhenOneIsLongEnough) {
  TempFolder temp;
  FakeClock clock;
  auto options = small_options(temp / "r");
  options.segment_bytes = 2'000;
  {
    auto recorder = must(Recorder::open(options, clock));
    for (int i = 0; i < 20; ++i) {
      record_session(*recorder, 0, "ses_" + std::to_string(i), 20);
      ASSERT_TRUE(recorder->flush().ok());
    }
  }
  { auto again = must(Recorder::open(options, clock)); }
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_GE(report.segments, 5u);
  EXPECT_EQ(report.records, 20u * 42 + 4);
}

TEST(Recorder, ASecondOneOnTheSameFolderIsToldTheFirstOnesPid) {
  TempFolder temp;
  FakeClock clock;
  auto first = must(Recorder::open(small_options(temp / "r"), clock));
  auto second = Recorder::open(small_options(temp / "r"), clock);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().detail.find("process " + std::to_string(::getpid())), std::string::npos) << second.error().detail;
  first->close();
  first.reset();
  EXPECT_TRUE(Recorder::open(small_options(temp / "r"), clock).ok());
}

// ---- processes that die

// Runs `work` in a child that is killed with SIGKILL once it has told us `enough` bytes; → all that it told.
template <class Work>
std::string killed_after(std::size_t enough, Work work) {
  int pipe[2];
  NG_CHECK(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(pipe[0]);
    work(pipe[1]);
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string told;
  char buffer[4'096];
  bool killed = false;
  for (ssize_t n; (n = ::read(pipe[0], buffer, sizeof buffer)) > 0;) {
    told.append(buffer, std::size_t(n));
    if (!killed && told.size() >= enough) killed = ::kill(child, SIGKILL) == 0;
  }
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  return told;
}

TEST(Recorder, LosesNothingThatWasAppendedWhenItsProcessIsKilled) {
  for (int round = 0; round < 6; ++round) {
    TempFolder temp;
    const std::string folder = temp / "r";
    const auto told = killed_after(std::size_t(200 + round * 3'000), [&](int out) {
      SystemClock clock;
      auto options = small_options(folder);
      options.seal_every = std::chrono::milliseconds(round % 2 ? 1 : 60'000);  // dies while sealing, or before ever sealing
      auto recorder = must(Recorder::open(options, clock));
      auto log = must(SessionLog::start(*recorder, recorder->writer(0), sample_facts("ses_1")));
      for (char i = 0;; ++i) {
        const std::string text = "SELECT " + std::to_string(log->last_seq());
        if (!log->intent(sample_intent(text)).ok() || ::write(out, &i, 1) != 1) ::_exit(1);
      }
    });
    ASSERT_GE(told.size(), 200u);
    SystemClock clock;
    { auto recorder = must(Recorder::open(small_options(folder), clock)); }
    const auto texts = texts_of(folder, "ses_1");
    // One more may have been appended than it could still tell us about.
    EXPECT_TRUE(texts.size() == told.size() || texts.size() == told.size() + 1) << texts.size() << " of " << told.size();
    for (std::size_t i = 0; i < texts.size(); ++i) ASSERT_EQ(texts[i], "SELECT " + std::to_string(i + 1));
    const auto report = verify(folder);
    EXPECT_TRUE(report.ok) << to_json(report);
    EXPECT_TRUE(fs::is_empty(folder + "/journal"));
  }
}

// Leaves a folder as a killed process leaves it: a journal with one session of three intents, nothing sealed.
std::string leave_unsealed(const std::string& folder) {
  killed_after(1, [&](int out) {
    SystemClock clock;
    auto options = small_options(folder);
    options.seal_every = std::chrono::minutes(10);
    auto recorder = must(Recorder::open(options, clock));
    auto log = must(SessionLog::start(*recorder, recorder->writer(0), sample_facts("ses_1")));
    for (const char* text : {"SELECT 1", "SELECT 2", "SELECT 3"}) must(log->intent(sample_intent(text)));
    if (::write(out, "x", 1) != 1) ::_exit(1);
    ::pause();
  });
  for (const auto& entry : fs::directory_iterator(folder + "/journal")) {
    const auto bytes = slurp(entry.path());
    if (JournalScan(as_bytes(bytes), journal_header_bytes).next()) return entry.path();
  }
  ADD_FAILURE() << "no journal with records";
  return {};
}

TEST(Recorder, AJournalTornAtAnyByteIsSealedUpToTheLastWholeRecord) {
  TempFolder temp;
  const auto journal = leave_unsealed(temp / "left");
  const auto whole = slurp(journal);
  std::vector<std::size_t> ends;
  JournalScan scan(as_bytes(whole), journal_header_bytes);
  while (scan.next()) ends.push_back(scan.offset());
  ASSERT_EQ(ends.size(), 4u);
  SystemClock clock;
  std::size_t begin = journal_header_bytes;
  for (std::size_t cut = journal_header_bytes; cut <= ends.back(); ++cut) {
    if (std::find(ends.begin(), ends.end(), cut) != ends.end()) begin = cut;
    auto torn = whole.substr(0, cut) + std::string(whole.size() - cut, '\0');
    // A dying process has not written the record's first word yet; a dying machine may have lost the pages behind it.
    const bool machine = cut % 31 == 0;
    if (!machine) torn.replace(begin, std::min<std::size_t>(8, cut - begin), std::min<std::size_t>(8, cut - begin), '\0');
    fs::remove_all(temp / "r");
    fs::copy(temp / "left", temp / "r", fs::copy_options::recursive);
    spill((temp / "r") + "/journal/" + fs::path(journal).filename().string(), torn);
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    const auto complete = std::size_t(std::upper_bound(ends.begin(), ends.end(), cut) - ends.begin());
    EXPECT_GE(recorder->recovery().records, complete) << cut;
    EXPECT_LE(recorder->recovery().records, complete + machine) << cut;  // a cut within padding loses nothing
    recorder->close();
    recorder.reset();
    const auto report = verify(temp / "r");
    EXPECT_TRUE(report.ok) << cut << to_json(report);
  }
}

TEST(Recorder, ADamagedJournalIsSealedUpToTheDamageAndKeptAsEvidence) {
  TempFolder temp;
  const auto journal = leave_unsealed(temp / "r");
  auto bytes = slurp(journal);
  JournalScan scan(as_bytes(bytes), journal_header_bytes);
  scan.next(), scan.next();
  bytes[scan.offset() + 40] ^= 1;
  spill(journal, bytes);
  EXPECT_FALSE(verify(temp / "r").ok);
  SystemClock clock;
  auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
  EXPECT_EQ(recorder->recovery().records, 2u);
  EXPECT_EQ(recorder->recovery().damaged, 1u);
  recorder.reset();
  EXPECT_TRUE(fs::exists(journal + ".damaged"));
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_EQ(report.remarks.size(), 1u);
}

TEST(Recorder, SealsAJournalOnceEvenIfItDiedBetweenSealingAndDeletingIt) {
  TempFolder temp;
  const auto journal = leave_unsealed(temp / "r");
  const auto kept = slurp(journal);
  SystemClock clock;
  { auto recorder = must(Recorder::open(small_options(temp / "r"), clock)); }
  ASSERT_EQ(texts_of(temp / "r", "ses_1").size(), 3u);
  spill(journal, kept);
  auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
  EXPECT_EQ(recorder->recovery().records, 0u);
  recorder.reset();
  EXPECT_EQ(texts_of(temp / "r", "ses_1").size(), 3u);
  EXPECT_TRUE(verify(temp / "r").ok);
}

// ---- what a log refuses to continue

std::string only_segment(const std::string& folder) { return fs::directory_iterator(folder + "/segments")->path(); }

TEST(Recorder, CutsAnUnsignedTornBlockAndSealsItsRecordsAgain) {
  TempFolder temp;
  leave_unsealed(temp / "r");
  const auto segment = only_segment(temp / "r");
  const auto before = slurp(segment);
  spill(segment, before + before.substr(0, before.size() / 3));  // a block that was being written
  SystemClock clock;
  { auto recorder = must(Recorder::open(small_options(temp / "r"), clock)); }
  EXPECT_EQ(texts_of(temp / "r", "ses_1").size(), 3u);
  EXPECT_TRUE(verify(temp / "r").ok);
}

TEST(Recorder, RefusesALogThatIsShorterThanWhatWasSigned) {
  TempFolder temp;
  FakeClock clock;
  {
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    record_session(*recorder, 0, "ses_1", 5);
  }
  const auto segment = only_segment(temp / "r");
  const auto whole = slurp(segment);
  for (const auto size : {whole.size() - 1, whole.size() / 2, std::size_t(10), std::size_t(0)}) {
    spill(segment, whole.substr(0, size));
    const auto opened = Recorder::open(small_options(temp / "r"), clock);
    ASSERT_FALSE(opened.ok()) << size;
    EXPECT_NE(opened.error().detail.find("verify"), std::string::npos) << opened.error().detail;
    EXPECT_EQ(slurp(segment).size(), size) << "nothing may be changed";
  }
  spill(segment, whole);
  EXPECT_TRUE(Recorder::open(small_options(temp / "r"), clock).ok());
}

TEST(Recorder, RefusesToContinueWithoutItsKeyOrUnderAnotherName) {
  TempFolder temp;
  FakeClock clock;
  { auto recorder = must(Recorder::open(small_options(temp / "r"), clock)); }
  EXPECT_EQ(fs::status(temp / "r/log.key").permissions(), fs::perms::owner_read | fs::perms::owner_write);
  auto renamed = small_options(temp / "r");
  renamed.log_name = "another.example";
  EXPECT_EQ(Recorder::open(renamed, clock).error().code, Code::conflict);
  fs::rename(temp / "r/log.key", temp / "key");
  EXPECT_EQ(Recorder::open(small_options(temp / "r"), clock).error().code, Code::not_found);
}

// ---- a full disk

TEST(Recorder, AFullDiskStopsNewWorkWithinASecondAndHealsByItself) {
  TempFolder temp;
  SystemClock clock;
  auto options = small_options(temp / "r");
  options.seal_every = std::chrono::milliseconds(10);
  auto recorder = must(Recorder::open(options, clock));
  auto log = must(SessionLog::start(*recorder, recorder->writer(0), sample_facts("ses_1")));
  std::mt19937_64 random(1);
  const auto text = [&] {  // does not compress
    std::string out = "SELECT '";
    for (int i = 0; i < 40; ++i) out += "/* " + std::to_string(random() % 1'000) + "*/ ";
    return out + "'";
  };
  std::size_t admitted = 0;
  {
    const FileSizeLimit full(16 * 1024);
    const auto fill = [&] {
      auto at = log->intent(sample_intent(text()));
      EXPECT_TRUE(!at.ok() || log->outcome(sample_outcome(*at)).ok()) << "what was let through must be completed";
      admitted += at.ok();
      return !at.ok();
    };
    ASSERT_TRUE(comes_true(fill));
    EXPECT_FALSE(recorder->ready());
    EXPECT_NE(recorder->trouble().find("free space"), std::string::npos) << recorder->trouble();
    auto durable = sample_intent("SELECT 1");
    durable.durable = true;
    EXPECT_FALSE(log->intent(durable).ok());
  }
  ASSERT_TRUE(comes_true([&] { return recorder->ready(); }));
  EXPECT_EQ(recorder->trouble(), "");
  EXPECT_TRUE(log->intent(sample_intent("SELECT 'after'")).ok());
  EXPECT_TRUE(log->end("done").ok());
  recorder->close();
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_EQ(texts_of(temp / "r", "ses_1").size(), admitted + 1);
}

// ---- many threads

TEST(Recorder, ManyLoopsAndTheSealerNeverLoseOrReorderASession) {
  TempFolder temp;
  SystemClock clock;
  auto options = small_options(temp / "r");
  options.writers = 4;
  options.seal_every = std::chrono::milliseconds(1);
  options.segment_bytes = 20'000;
  {
    auto recorder = must(Recorder::open(options, clock));
    std::vector<std::thread> loops;
    for (std::size_t loop = 0; loop < options.writers; ++loop)
      loops.emplace_back([&, loop] {
        for (int n = 0; n < 10; ++n) record_session(*recorder, loop, "ses_" + std::to_string(loop) + "_" + std::to_string(n), 60);
      });
    std::thread onlooker([&] {
      for (int i = 0; i < 5; ++i) {
        const auto report = verify(temp / "r");
        EXPECT_TRUE(report.ok) << to_json(report);
        (void)recorder->counters();
      }
    });
    for (auto& loop : loops) loop.join();
    onlooker.join();
  }
  const auto report = verify(temp / "r");
  EXPECT_TRUE(report.ok) << to_json(report);
  EXPECT_EQ(report.records, 4u * 10 * 122 + 2);
  EXPECT_EQ(report.sessions, 41u);
}

}  // namespace
}  // namespace narrowgate::recording
