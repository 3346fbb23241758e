#include "cli/session_page.h"

#include <gtest/gtest.h>

#include "cli/print.h"

namespace narrowgate::cli {
namespace {

using namespace recording;

class Story {
 public:
  Story() {
    session.summary.session = "ses_1",
    session.summary.facts = {{"agent", "refund-bot"}, {"owner", "olu"},       {"template", "refund-triage"},
                             {"task", "tsk_1"},       {"resource", "orders"}, {"reason", "batch 42"}};
    session.asked = {"SELECT public.refunds"}, session.granted = {"SELECT public.refunds"};
    add(0, Started{});
  }
  std::uint64_t intent(std::uint64_t ms, const std::string& text, Verdict verdict, const std::string& code = "") {
    Step step;
    step.seq = session.timeline.size() + 1, step.text = text;
    step.decision = {.decision = "dec_1",
                     .verdict = verdict,
                     .code = code,
                     .danger = "write",
                     .effects = {},
                     .approval = {},
                     .policies = {"40-writes"}};
    session.steps.push_back(step);
    add(ms, IntentRecord{});
    return step.seq;
  }
  void add(std::uint64_t ms, Body body) {
    Record record;
    record.session = "ses_1", record.seq = session.timeline.size() + 1, record.mono_ns = ms * 1'000'000,
    record.body = std::move(body);
    session.timeline.emplace_back(Place{}, record);
  }
  Session session;
};

void expect_fits(const std::string& page, std::size_t width) {
  for (std::size_t from = 0; from < page.size();) {
    const auto to = page.find('\n', from);
    ASSERT_NE(to, std::string::npos);
    EXPECT_LE(shown_width(std::string_view(page).substr(from, to - from)), width) << page.substr(from, to - from);
    from = to + 1;
  }
}

TEST(SessionPage, TellsWhatWasAskedGrantedUsedHeldAndDeniedInThisOrder) {
  const std::string page = session_head(Story().session);
  std::size_t at = 0;
  for (const char* label : {"\nasked", "\ngranted", "\nused", "\nheld", "\ndenied"}) {
    const auto found = page.find(label, at);
    ASSERT_NE(found, std::string::npos) << label;
    at = found;
  }
  EXPECT_NE(page.find("refund-bot, owner olu"), std::string::npos);
}

TEST(SessionPage, ShowsDecisionsPoliciesApprovalsRowsAndErrors) {
  Story story;
  const auto held = story.intent(1'000, "UPDATE refunds SET state = 'paid'", Verdict::hold);
  story.add(1'010, HeldRecord{.intent = held, .approval = "apr_1", .reason = "writes", .quorum = 1, .groups = {"orders-oncall"}});
  story.add(9'000, ApprovalRecord{.approval = "apr_1", .state = "approved", .who = "human:ana", .how = "cli", .once = true});
  const auto done = story.intent(9'100, "UPDATE refunds SET state = 'paid'", Verdict::permit);
  story.add(9'110, OutcomeRecord{.intent = done,
                                 .ending = Ending::completed,
                                 .rows = 41,
                                 .bytes = 2'100,
                                 .duration_ns = 1'200'000,
                                 .tag = "UPDATE 41",
                                 .sqlstate = {},
                                 .columns = {}});
  story.intent(9'200, "DELETE FROM refunds", Verdict::denial, "scope_denied");
  const auto failed = story.intent(9'300, "UPDATE refunds SET state = 1", Verdict::permit);
  story.add(9'310, OutcomeRecord{.intent = failed,
                                 .ending = Ending::completed,
                                 .rows = 0,
                                 .bytes = 0,
                                 .duration_ns = 900'000,
                                 .tag = {},
                                 .sqlstate = "42804",
                                 .columns = {}});
  story.add(9'400, EndedRecord{.reason = "client closed", .revoke_ns = 0});
  const std::string page = session_page(story.session);
  for (const char* part :
       {"00:01.000 UPDATE refunds", "■ HELD · write · 40-writes · dec_1", "held as apr_1: 1 of orders-oncall must agree: writes",
        "apr_1 approved once by human:ana (cli)", "UPDATE 41  41 rows, 2.1 kB, 1.2 ms", "✗ DENIED scope_denied",
        "error 42804 after 900 µs", "ended: client closed"})
    EXPECT_NE(page.find(part), std::string::npos) << part << "\n" << page;
}

TEST(SessionPage, SaysWhenNobodyKnowsWhatBecameOfAStatement) {
  Story story;
  story.add(5, OutcomeRecord{.intent = story.intent(1, "UPDATE t SET x = 1", Verdict::permit),
                             .ending = Ending::unknown,
                             .rows = 0,
                             .bytes = 0,
                             .duration_ns = 0,
                             .tag = {},
                             .sqlstate = {},
                             .columns = {}});
  EXPECT_NE(session_page(story.session).find("nobody knows whether this was done"), std::string::npos);
}

TEST(SessionPage, FitsItsColumnsWhateverIsInIt) {
  Story story;
  std::string text;
  for (int i = 0; i < 400; ++i) text += i % 7 == 0 ? "\n" : i % 3 == 0 ? "é " : "wordwordword";
  story.intent(1, text, Verdict::permit);
  story.session.asked.push_back(std::string(500, 'x'));
  for (const std::size_t width : {100u, 80u, 60u})
    expect_fits(session_page(story.session, {.width = width, .full = true}), width);
}

TEST(SessionPage, NothingRecordedCanMoveTheCursor) {
  Story story;
  story.intent(1, "SELECT '\x1b[2J\x07'\r--\xe2\x80\xae", Verdict::permit);
  story.session.summary.facts["reason"] = "\x1b]0;title\x07";
  const std::string page = session_page(story.session);
  for (const char c : page) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << int(c);
  EXPECT_EQ(page.find("\xe2\x80\xae"), std::string::npos);
}

TEST(SessionPage, CutsLongStatementsAndShowsThemOnDemand) {
  Story story;
  std::string text;
  for (int i = 0; i < 40; ++i) text += fmt::format("line {}\n", i);
  story.intent(1, text + "the end", Verdict::permit);
  const std::string cut = session_page(story.session), full = session_page(story.session, {.width = page_width, .full = true});
  EXPECT_EQ(cut.find("the end"), std::string::npos);
  EXPECT_NE(cut.find("--full shows them"), std::string::npos);
  EXPECT_NE(full.find("the end"), std::string::npos);
}

TEST(Replay, WaitsAsLongAsItTookWithinReason) {
  using std::chrono::milliseconds;
  EXPECT_EQ(replay_pause(0, 1'000'000'000, 1), milliseconds(1'000));
  EXPECT_EQ(replay_pause(0, 1'000'000'000, 4), milliseconds(250));
  EXPECT_EQ(replay_pause(5, 5, 1), milliseconds(300));
  EXPECT_EQ(replay_pause(0, 3'600'000'000'000, 1), milliseconds(3'000));
  EXPECT_EQ(replay_pause(9, 5, 1), milliseconds(300));
}

TEST(ShortTime, PicksTheUnitThatReadsBest) {
  using namespace std::chrono;
  EXPECT_EQ(short_time(microseconds(950)), "950 µs");
  EXPECT_EQ(short_time(microseconds(1'200)), "1.2 ms");
  EXPECT_EQ(short_time(milliseconds(37'100)), "37.1 s");
  EXPECT_EQ(short_time(seconds(125)), "2 min 5 s");
  EXPECT_EQ(short_time(minutes(125)), "2 h 5 min");
  EXPECT_EQ(short_bytes(17) + " " + short_bytes(2'100) + " " + short_bytes(3'000'000), "17 B 2.1 kB 3.0 MB");
}

}  // namespace
}  // namespace narrowgate::cli
