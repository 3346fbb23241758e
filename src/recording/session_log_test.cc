#include "recording/session_log.h"

#include <atomic>
#include <cstdlib>
#include <new>

#include "recording/testing.h"

namespace {
std::atomic<bool> counting{false};
std::atomic<int> allocations{0};
thread_local bool this_thread = false;
}  // namespace

#ifndef NG_SANITIZED  // which bring their own
// Counts what one thread asks of the heap while a test wants to know.
void* operator new(std::size_t size) {
  if (counting.load(std::memory_order_relaxed) && this_thread) ++allocations;
  if (void* p = std::malloc(size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

namespace narrowgate::recording {
namespace {

using namespace testing;

struct Recorded {
  explicit Recorded(Capture capture = Capture::shape) {
    auto small = small_options(temp / "r");
    small.journal_bytes = 4u << 20;
    small.seal_every = std::chrono::minutes(10);
    recorder = must(Recorder::open(small, clock));
    log = must(SessionLog::start(*recorder, recorder->writer(0), sample_facts("ses_1"), capture));
  }
  Session read() {
    must(recorder->flush());
    return must(must(Reader::open(temp / "r")).session("ses_1"));
  }
  TempFolder temp;
  FakeClock clock;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<SessionLog> log;
};

TEST(SessionLog, TellsAWholeStoryThatReadsBackInOrder) {
  Recorded r;
  const std::vector<std::string> policies{"P4-bulk-writes-need-approval"}, groups{"orders-oncall"};
  r.clock.pass(std::chrono::milliseconds(812));
  auto hold = sample_intent("UPDATE public.refunds SET state = 'void' WHERE batch = 7");
  hold.decision = "dec_hold", hold.verdict = Verdict::hold, hold.danger = "write", hold.effects = "UPDATE public.refunds(state)";
  hold.policies = policies, hold.durable = true;
  const auto held = must(r.log->intent(hold));
  must(r.log->held(held, "apr_01JD9C", 1, groups, "bulk write"));
  r.clock.pass(std::chrono::seconds(188));
  must(r.log->approval("apr_01JD9C", "approved", "human:ana", "webauthn", true));
  auto permit = hold;
  permit.decision = "dec_permit", permit.verdict = Verdict::permit, permit.approval = "apr_01JD9C";
  const auto at = must(r.log->intent(permit));
  auto outcome = sample_outcome(at);
  outcome.tag = "UPDATE 41";
  must(r.log->outcome(outcome));
  auto denial = sample_intent("DELETE FROM refunds");
  denial.decision = "dec_no", denial.verdict = Verdict::denial, denial.code = "scope_denied",
  denial.effects = "DELETE public.refunds";
  must(r.log->intent(denial));
  must(r.log->note("notice", "upstream said hello"));
  must(r.log->data(at, Direction::to_client, as_bytes("rows")));
  must(r.log->end("revoked", std::chrono::milliseconds(140)));

  const auto s = r.read();
  EXPECT_EQ(s.summary.facts.at("agent"), "refund-bot");
  EXPECT_EQ(s.summary.end_reason, "revoked");
  EXPECT_EQ(std::tuple(s.summary.permitted, s.summary.held, s.summary.denied, s.summary.unknown), std::tuple(1u, 1u, 1u, 0u));
  EXPECT_EQ(s.asked, (std::vector<std::string>{"SELECT public.refunds", "UPDATE public.refunds"}));
  EXPECT_EQ(s.granted, (std::vector<std::string>{"SELECT public.refunds"}));
  EXPECT_EQ(s.used, (std::vector<std::string>{"UPDATE public.refunds(state)"}));
  EXPECT_EQ(s.held, s.used);
  EXPECT_EQ(s.denied, (std::vector<std::string>{"DELETE public.refunds"}));
  ASSERT_EQ(s.steps.size(), 3u);
  EXPECT_EQ(s.steps[0].held->groups, groups);
  EXPECT_EQ(s.steps[0].decision.policies, policies);
  EXPECT_EQ(s.steps[1].outcome->tag, "UPDATE 41");
  EXPECT_EQ(s.steps[1].decision.approval, "apr_01JD9C");
  EXPECT_EQ(s.steps[1].mono_ns, 188'812'000'000u);
  EXPECT_EQ(s.steps[2].decision.code, "scope_denied");
  for (std::size_t i = 0; i < s.timeline.size(); ++i) EXPECT_EQ(s.timeline[i].second.seq, i + 1);
  EXPECT_EQ(s.timeline.back().second.kind(), Kind::ended);
}

TEST(SessionLog, NothingFollowsTheEnd) {
  Recorded r;
  must(r.log->end("client left"));
  EXPECT_TRUE(r.log->ended());
  EXPECT_EQ(r.log->intent(sample_intent("SELECT 1")).error().code, Code::bug);
  EXPECT_FALSE(r.log->note("x", "y").ok());
}

TEST(SessionLog, ALongTextIsWrittenOnceAndPointedAtAfterwards) {
  Recorded r;
  const std::string middling(5'000, 'm'), short_text(200, 's');
  const auto before = r.recorder->writer(0).bytes();
  for (int i = 0; i < 100; ++i) {
    must(r.log->intent(sample_intent(middling)));
    must(r.log->intent(sample_intent(short_text)));
  }
  EXPECT_LT(r.recorder->writer(0).bytes() - before, 5'000u + 100 * 600);
  const auto s = r.read();
  ASSERT_EQ(s.steps.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_EQ(s.steps[i].text, i % 2 ? short_text : middling);
    EXPECT_EQ(s.steps[i].decision.effects, "SELECT public.refunds");
    EXPECT_EQ(s.steps[i].decision.decision, "dec_01JD9A");
  }
}

TEST(SessionLog, ATextOfAMebibyteGoesAheadInPartsAndReadsAsOne) {
  Recorded r;
  std::string text = "SELECT ";
  while (text.size() < (1u << 20)) text += std::to_string(text.size()) + " + ";
  for (int i = 0; i < 3; ++i) must(r.log->intent(sample_intent(text)));
  const auto s = r.read();
  ASSERT_EQ(s.steps.size(), 3u);
  for (const Step& step : s.steps) EXPECT_EQ(step.text, text);
  EXPECT_EQ(s.timeline.size(), 1u + 9 + 3);
  EXPECT_EQ(r.log->intent(sample_intent(std::string(limits::text_bytes_max + 1, 'x'))).error().code, Code::too_large);
  EXPECT_TRUE(must(must(Reader::open(r.temp / "r")).verify()).ok);
}

TEST(SessionLog, TwoUsesOfOneDecisionIdThatDifferAreBothSpelledOut) {
  Recorded r;
  auto intent = sample_intent("SELECT 1");
  must(r.log->intent(intent));
  intent.verdict = Verdict::denial, intent.code = "limit_exceeded";
  must(r.log->intent(intent));
  intent.policies = {};
  must(r.log->intent(intent));
  const auto s = r.read();
  EXPECT_EQ(s.steps[0].decision.verdict, Verdict::permit);
  EXPECT_EQ(s.steps[1].decision.code, "limit_exceeded");
  EXPECT_EQ(s.steps[2].decision, s.steps[1].decision);
}

TEST(SessionLog, ParametersAreKeptByShapeSoThatEqualOnesCanBeSeenAndNoneCanBeRead) {
  Recorded r;
  const std::string secret = "a parameter nobody should read back";
  const Value values[] = {
      {25, false, as_bytes(secret)}, {25, false, as_bytes(secret)}, {23, false, as_bytes("7")}, {23, true, {}}};
  auto intent = sample_intent("SELECT $1, $2, $3, $4");
  intent.parameters = values;
  must(r.log->intent(intent));
  const auto s = r.read();
  const auto& p = s.steps[0].parameters;
  ASSERT_EQ(p.size(), 4u);
  EXPECT_EQ(p[0], p[1]);
  EXPECT_NE(p[0].digest, p[2].digest);
  EXPECT_EQ(p[0].length, secret.size());
  EXPECT_EQ(p[2].type, 23u);
  EXPECT_TRUE(p[3].null);
  EXPECT_FALSE(p[0].value);
  EXPECT_NE(p[0].digest, must(Recorder::open(small_options(r.temp / "other"), r.clock))->value_digest()(as_bytes(secret)));
}

TEST(SessionLog, CaptureFullKeepsValuesUpToItsLimitsAndStillRedactsThem) {
  Recorded r(Capture::full);
  const std::string huge(limits::value_bytes_max + 1, 'h');
  const Value values[] = {{25, false, as_bytes("plain")}, {25, false, as_bytes("password=hunter2")}, {25, false, as_bytes(huge)}};
  auto intent = sample_intent("SELECT $1, $2, $3");
  intent.parameters = values;
  const auto at = must(r.log->intent(intent));
  must(r.log->data(at, Direction::to_client, as_bytes(huge)));
  const auto s = r.read();
  const auto& p = s.steps[0].parameters;
  EXPECT_EQ(p[0].value, "plain");
  EXPECT_EQ(p[1].value->find("hunter2"), std::string::npos);
  EXPECT_FALSE(p[2].value);
  EXPECT_EQ(p[2].length, huge.size());
  std::string data;
  for (const auto& [place, record] : s.timeline)
    if (const auto* d = std::get_if<DataRecord>(&record.body)) data += *d->shape.value;
  EXPECT_EQ(data, huge);
}

TEST(SessionLog, MoreParametersThanAreKeptSinglyAreFoldedIntoOneShape) {
  Recorded r;
  const std::vector<Value> values(40'000, Value{23, false, as_bytes("12")});
  auto intent = sample_intent("INSERT …");
  intent.parameters = values;
  must(r.log->intent(intent));
  const auto s = r.read();
  const auto& record = std::get<IntentRecord>(s.timeline[1].second.body);
  EXPECT_EQ(record.parameters.size(), limits::parameters_max + 1);
  EXPECT_EQ(record.folded, 40'000u - limits::parameters_max);
  EXPECT_EQ(record.parameters.back().length, record.folded * 2);
}

TEST(SessionLog, AClockThatJumpsBackIsNotedOnceAndRecordedTimeStandsStill) {
  Recorded r;
  must(r.log->note("x", "before"));
  r.clock.pass(std::chrono::milliseconds(5));
  r.clock.jump(-std::chrono::hours(1) - std::chrono::milliseconds(5));
  must(r.log->note("x", "after"));
  r.clock.pass(std::chrono::seconds(1));
  must(r.log->note("x", "later"));
  const auto s = r.read();
  ASSERT_EQ(s.timeline.size(), 5u);
  const auto& told = std::get<NoteRecord>(s.timeline[2].second.body);
  EXPECT_EQ(told.kind, "clock");
  EXPECT_EQ(told.text, "the wall clock went back by 3600000 ms");
  for (std::size_t i = 1; i < s.timeline.size(); ++i) {
    EXPECT_GE(s.timeline[i].second.wall_ns, s.timeline[i - 1].second.wall_ns);
    EXPECT_GE(s.timeline[i].second.mono_ns, s.timeline[i - 1].second.mono_ns);
  }
  EXPECT_TRUE(must(must(Reader::open(r.temp / "r")).verify()).ok);
}

TEST(SessionLog, EveryFactAndNoteIsRedacted) {
  Recorded r;
  auto facts = sample_facts("ses_2");
  facts.reason = "login with password=hunter2 please", facts.ticket = "ghp_0123456789abcdefghijABCDEFGHIJ";
  auto log = must(SessionLog::start(*r.recorder, r.recorder->writer(0), facts));
  must(log->note("upstream", "connect postgres://ana:hunter2@orders/shop failed"));
  must(log->end("bad PASSWORD 'hunter2'"));
  must(r.recorder->flush());
  const auto all = to_json(must(must(Reader::open(r.temp / "r")).session("ses_2")));
  EXPECT_EQ(all.find("hunter2"), std::string::npos);
  EXPECT_EQ(all.find("ghp_"), std::string::npos);
}

TEST(SessionLog, AShortStatementAndItsOutcomeAllocateNothing) {
  Recorded r;
  const std::vector<std::string> policies{"P1-reads"};
  const Value values[] = {{23, false, as_bytes("12345")}};
  this_thread = true;
  for (int i = 0; i < 2'000; ++i) {
    char text[80];
    std::snprintf(text, sizeof text, "SELECT abalance FROM pgbench_accounts WHERE aid = %d", i);
    char decision[40];
    std::snprintf(decision, sizeof decision, "dec_%026d", i);  // every one its own: the worst case
    auto intent = sample_intent(text);
    intent.decision = decision, intent.policies = policies, intent.parameters = values;
    allocations = 0, counting = true;
    const auto at = r.log->intent(intent);
    const auto done = r.log->outcome(sample_outcome(at.ok() ? *at : 0));
    counting = false;
    ASSERT_TRUE(at.ok() && done.ok());
    ASSERT_EQ(allocations.load(), 0) << i;
  }
  this_thread = false;
  EXPECT_EQ(r.read().steps.size(), 2'000u);
}

TEST(SessionLog, ARefusedIntentTakesNoNumber) {
  Recorded r;
  must(r.log->intent(sample_intent("SELECT 1")));
  const auto before = r.log->last_seq();
  EXPECT_FALSE(r.log->intent(sample_intent(std::string(limits::text_bytes_max + 1, 'x'))).ok());
  EXPECT_EQ(r.log->last_seq(), before);
  EXPECT_EQ(must(r.log->intent(sample_intent("SELECT 2"))), before + 1);
}

}  // namespace
}  // namespace narrowgate::recording
