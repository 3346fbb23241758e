#include "recording/reader.h"

#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

void record_one(Recorder& recorder, const char* id, const char* agent, const char* resource) {
  auto facts = sample_facts(id);
  facts.agent = agent, facts.resource = resource;
  auto log = must(SessionLog::start(recorder, recorder.writer(0), facts));
  must(log->intent(sample_intent("SELECT 1")));  // and no outcome
}

TEST(Reader, ListsSessionsLatestFirstAndByWhatTheyWereAbout) {
  TempFolder temp;
  FakeClock clock;
  auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
  const auto first = clock.wall();
  for (const auto& [id, agent, resource] :
       {std::tuple("ses_1", "refund-bot", "orders"), std::tuple("ses_2", "refund-bot", "billing"),
        std::tuple("ses_3", "other-bot", "orders")}) {
    record_one(*recorder, id, agent, resource);
    clock.pass(std::chrono::minutes(1));
  }
  must(recorder->flush());
  const auto reader = must(Reader::open(temp / "r"));
  const auto ids = [&](Filter filter) {
    std::string out;
    for (const auto& s : must(reader.sessions(filter))) out += s.session.substr(4);
    return out;
  };
  EXPECT_EQ(ids({}), "321");
  EXPECT_EQ(ids({.agent = "refund-bot"}), "21");
  EXPECT_EQ(ids({.resource = "orders"}), "31");
  EXPECT_EQ(ids({.agent = "refund-bot", .resource = "orders"}), "1");
  EXPECT_EQ(ids({.task = "tsk_none"}), "");
  EXPECT_EQ(ids({.session = "ses_2"}), "2");
  EXPECT_EQ(ids({.since = first + std::chrono::seconds(30)}), "32");
  EXPECT_EQ(ids({.until = first + std::chrono::seconds(30)}), "1");
  EXPECT_EQ(ids({.most = 2}), "32");
  EXPECT_EQ(must(reader.sessions({}))[0].unknown, 1u);  // let through, and nobody said how it went
}

TEST(Reader, SeesWhatIsStillInJournalsBesideARunningGateway) {
  TempFolder temp;
  FakeClock clock;
  auto options = small_options(temp / "r");
  options.seal_every = std::chrono::minutes(10);
  auto recorder = must(Recorder::open(options, clock));
  record_one(*recorder, "ses_1", "refund-bot", "orders");
  const auto reader = must(Reader::open(temp / "r"));
  const auto before = must(reader.session("ses_1"));
  EXPECT_FALSE(before.steps.at(0).index);
  must(recorder->flush());
  const auto after = must(reader.session("ses_1"));
  EXPECT_EQ(after.steps.at(0).index, 2u);
  EXPECT_EQ(after.steps.size(), 1u);
  const auto report = must(reader.verify());
  EXPECT_TRUE(report.ok) << to_json(report);
}

TEST(Reader, EachVisitsInLogOrderAndStopsWhenTold) {
  TempFolder temp;
  FakeClock clock;
  {
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    record_session(*recorder, 0, "ses_1", 5);
  }
  const auto reader = must(Reader::open(temp / "r"));
  std::uint64_t next = 0;
  must(reader.each([&](const Place& place, const Record&) {
    EXPECT_EQ(place.index, next++);
    return true;
  }));
  EXPECT_EQ(next, 14u);
  std::uint64_t seen = 0;
  must(reader.each([&](const Place&, const Record&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3u);
}

TEST(Reader, SaysWhatItCannotFind) {
  TempFolder temp;
  EXPECT_EQ(Reader::open(temp / "nothing").error().code, Code::not_found);
  FakeClock clock;
  { auto recorder = must(Recorder::open(small_options(temp / "r"), clock)); }
  const auto missing = must(Reader::open(temp / "r")).session("ses_9");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_NE(missing.error().detail.find("sessions list"), std::string::npos);
}

TEST(Reader, ADamagedSegmentIsAnErrorThatNamesThePlace) {
  TempFolder temp;
  FakeClock clock;
  {
    auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
    record_session(*recorder, 0, "ses_1", 5);
  }
  const std::string segment = fs::directory_iterator(temp / "r/segments")->path();
  auto bytes = slurp(segment);
  bytes[bytes.size() / 2] ^= 8;
  spill(segment, bytes);
  const auto listed = must(Reader::open(temp / "r")).sessions({});
  ASSERT_FALSE(listed.ok());
  EXPECT_NE(listed.error().detail.find("segments/00000000000000000000.zst at "), std::string::npos) << listed.error().detail;
}

}  // namespace
}  // namespace narrowgate::recording
