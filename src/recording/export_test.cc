#include "recording/export.h"

#include <sstream>

#include "base/json.h"
#include "recording/testing.h"

namespace narrowgate::recording {
namespace {

using namespace testing;

// Held, approved, run; denied; revoked.
Session sample_session(const char* protocol = "postgres") {
  TempFolder temp;
  FakeClock clock;
  auto recorder = must(Recorder::open(small_options(temp / "r"), clock));
  auto facts = sample_facts("ses_01JD8Y");
  facts.protocol = protocol;
  auto log = must(SessionLog::start(*recorder, recorder->writer(0), facts));
  const std::vector<std::string> policies{"P4-bulk-writes-need-approval"}, groups{"orders-oncall"};
  clock.pass(std::chrono::microseconds(812'004));
  auto intent = sample_intent("UPDATE public.refunds\nSET state = '\x1b[31mvoid'");
  intent.decision = "dec_hold", intent.verdict = Verdict::hold, intent.danger = "write",
  intent.effects = "UPDATE public.refunds(state)";
  intent.policies = policies;
  must(log->held(must(log->intent(intent)), "apr_01JD9C", 1, groups, "bulk"));
  clock.pass(std::chrono::seconds(188));
  must(log->approval("apr_01JD9C", "approved", "human:ana", "webauthn", true));
  intent.decision = "dec_run", intent.verdict = Verdict::permit, intent.approval = "apr_01JD9C";
  auto outcome = sample_outcome(must(log->intent(intent)));
  outcome.tag = "UPDATE 41", outcome.duration = std::chrono::milliseconds(18);
  must(log->outcome(outcome));
  auto denial = sample_intent("DELETE FROM refunds");
  denial.decision = "dec_no", denial.verdict = Verdict::denial, denial.code = "scope_denied",
  denial.effects = "DELETE public.refunds";
  must(log->intent(denial));
  must(log->end("revoked", std::chrono::milliseconds(140)));
  must(recorder->flush());
  return must(must(Reader::open(temp / "r")).session("ses_01JD8Y"));
}

std::vector<json::object> lines_of(const std::string& text) {
  std::vector<json::object> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(must(parse_json(line)).as_object());
  return out;
}

TEST(Export, JsonLinesHoldEveryRecordInOrder) {
  const auto lines = lines_of(to_json_lines(sample_session()));
  ASSERT_EQ(lines.size(), 8u);
  const char* kinds[] = {"started", "intent", "held", "approval", "intent", "outcome", "intent", "ended"};
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(lines[i].at("kind").as_string(), kinds[i]);
    EXPECT_EQ(lines[i].at("seq").as_int64(), std::int64_t(i + 1));
    EXPECT_TRUE(lines[i].contains("index"));
  }
  EXPECT_EQ(lines[0].at("facts").as_object().at("agent").as_string(), "refund-bot");
}

// The members that OCSF 1.8.0 requires of each class, and the numbers of security-model §1.8.
TEST(Export, OcsfEventsCarryTheirRequiredMembersAndNumbers) {
  const auto events = lines_of(to_ocsf(sample_session(), "0.1.0"));
  std::vector<std::int64_t> types;
  for (const auto& e : events) {
    types.push_back(e.at("type_uid").as_int64());
    EXPECT_EQ(e.at("type_uid").as_int64(), e.at("class_uid").as_int64() * 100 + e.at("activity_id").as_int64());
    EXPECT_EQ(e.at("category_uid").as_int64(), e.at("class_uid").as_int64() / 1'000);
    for (const char* name : {"severity_id", "time", "metadata", "status_id", "actor"}) EXPECT_TRUE(e.contains(name)) << name;
    EXPECT_EQ(e.at("metadata").as_object().at("version").as_string(), "1.8.0");
    EXPECT_TRUE(e.at("metadata").as_object().contains("product"));
    EXPECT_EQ(e.contains("user"), e.at("class_uid").as_int64() != 6005);
    if (e.at("class_uid").as_int64() != 6005) continue;
    EXPECT_EQ(e.at("src_endpoint").as_object().at("ip").as_string(), "10.0.3.7");
    EXPECT_EQ(e.at("src_endpoint").as_object().at("port").as_int64(), 51'514);
    EXPECT_TRUE(e.contains("database"));
    EXPECT_TRUE(e.at("query_info").as_object().contains("query_string"));
  }
  EXPECT_EQ(types, (std::vector<std::int64_t>{300'201, 300'301, 600'502, 600'502, 600'507, 300'502, 300'202}));
  const auto disposition = [&](std::size_t i) {
    return std::pair(events[i].at("action_id").as_int64(), events[i].at("disposition_id").as_int64());
  };
  EXPECT_EQ(disposition(2), std::pair(std::int64_t(99), std::int64_t(14)));  // held
  EXPECT_EQ(disposition(3), std::pair(std::int64_t(1), std::int64_t(8)));    // approved
  EXPECT_EQ(disposition(4), std::pair(std::int64_t(2), std::int64_t(2)));    // denied
}

TEST(Export, KubernetesAndAwsCallsAreApiActivity) {
  const auto events = lines_of(to_ocsf(sample_session("kubernetes"), "0.1.0"));
  EXPECT_EQ(events[2].at("class_uid").as_int64(), 6'003);
  EXPECT_TRUE(events[2].at("api").as_object().contains("operation"));
}

TEST(Export, AnAsciicastPlaysTheSessionAndFeedsTheTerminalNoEscapes) {
  const auto cast = to_asciicast(sample_session());
  std::istringstream in(cast);
  std::string line;
  std::getline(in, line);
  const auto header = must(parse_json(line)).as_object();
  EXPECT_EQ(header.at("version").as_int64(), 2);
  EXPECT_EQ(header.at("timestamp").as_int64(), 1'795'348'800);
  std::vector<std::string> events;
  while (std::getline(in, line)) {
    ASSERT_TRUE(parse_json(line).ok()) << line;
    events.push_back(line);
  }
  ASSERT_EQ(events.size(), 9u) << cast;
  EXPECT_EQ(events[1], R"x([0.812004, "i", "UPDATE public.refunds\r\nSET state = '\\u{1b}[31mvoid'\r\n"])x");
  EXPECT_EQ(events[2], R"x([0.812004, "m", "HOLD apr_01JD9C · orders-oncall"])x");
  EXPECT_EQ(events[3], R"x([188.812004, "m", "approved once by human:ana (webauthn)"])x");
  EXPECT_EQ(events[5], R"x([188.812004, "o", "UPDATE 41\r\n"])x");
  EXPECT_EQ(events[7], R"x([188.812004, "m", "DENIED scope_denied"])x");
}

TEST(Export, BytesThatAreNotTextAreShownNotBroken) {
  Record record{"ses_1", 1, 0, 0, NoteRecord{"x", "\xff\xfe"}};
  EXPECT_TRUE(is_utf8(to_json_line({}, record)));
  EXPECT_TRUE(parse_json(to_json_line({}, record)).ok());
}

}  // namespace
}  // namespace narrowgate::recording
