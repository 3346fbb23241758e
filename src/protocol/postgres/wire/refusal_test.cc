#include "protocol/postgres/wire/refusal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/postgres/wire/error_fields.h"
#include "protocol/postgres/wire/wire_cases.h"

namespace narrowgate::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Denial outside_the_task() {
  Denial denial;
  denial.code = DenialCode::scope_denied;
  denial.decision = "dec_01JD9A";
  denial.message = "DELETE on public.refunds is outside task tsk_01JD8W (refund-triage)";
  denial.need = {"DELETE pg:orders/public.refunds"};
  denial.have = {"SELECT,UPDATE pg:orders/public.refunds"};
  denial.ask = "CALL narrowgate.request('dec_01JD9A', '<why>')";
  denial.hint = "Allowed now: SELECT, or UPDATE of at most 10 rows, on public.refunds.";
  denial.retry = "after_grant";
  denial.object = "public.refunds";
  return denial;
}

Bytes written(const Refusal& refusal) {
  Bytes out;
  write(out, refusal);
  return out;
}

Bytes of(std::string_view text) { return Bytes(text.begin(), text.end()); }

TEST(Refusal, OfAStatementOutsideTheTaskHasExactlyTheseBytes) {
  const Denial denial = outside_the_task();
  const Bytes fields =
      "SERROR\0VERROR\0C42501\0"
      "Mnarrowgate: DELETE on public.refunds is outside task tsk_01JD8W (refund-triage)\0"
      "D"_bytes +
      of(to_json(denial)) +
      "\0"
      "HAllowed now: SELECT, or UPDATE of at most 10 rows, on public.refunds. "
      "To ask for more: CALL narrowgate.request('dec_01JD9A', '<why>').\0"
      "spublic\0trefunds\0\0"_bytes;
  EXPECT_EQ(as_text(written(refusal_for(denial, Moment::session))), as_text(message('E', fields)));
}

TEST(Refusal, HasTheSqlstateOfItsCase) {
  struct Row {
    DenialCode code;
    Severity in_session;
    std::string sqlstate, at_connect;
  };
  const Row table[] = {{DenialCode::scope_denied, Severity::error, "42501", "42501"},
                       {DenialCode::policy_denied, Severity::error, "42501", "42501"},
                       {DenialCode::unclassified, Severity::error, "0A000", "0A000"},
                       {DenialCode::limit_exceeded, Severity::error, "53400", "53300"},
                       {DenialCode::approval_denied, Severity::error, "57014", "57014"},
                       {DenialCode::approval_pending, Severity::error, "57014", "57014"},
                       {DenialCode::approval_mismatch, Severity::error, "57014", "57014"},
                       {DenialCode::expired, Severity::fatal, "57P01", "28000"},
                       {DenialCode::revoked, Severity::fatal, "57P01", "28000"},
                       {DenialCode::suspended, Severity::fatal, "57P01", "28000"},
                       {DenialCode::identity, Severity::fatal, "57P01", "28000"},
                       {DenialCode::unavailable, Severity::fatal, "57P03", "57P03"}};
  for (const Row& row : table) {
    Denial denial = outside_the_task();
    denial.code = row.code;
    const Refusal now = refusal_for(denial, Moment::session), then = refusal_for(denial, Moment::connect);
    EXPECT_EQ(now.sqlstate, row.sqlstate) << to_string(row.code);
    EXPECT_EQ(now.severity, row.in_session) << to_string(row.code);
    EXPECT_EQ(then.sqlstate, row.at_connect) << to_string(row.code);
    EXPECT_EQ(then.severity, Severity::fatal) << to_string(row.code);
    EXPECT_THAT(now.message, StartsWith("narrowgate: "));
  }
}

TEST(Refusal, OfAnErrorTellsNothingOfItsDetail) {
  for (const Blame blame : {Blame::client, Blame::upstream, Blame::gateway}) {
    for (int code = 0; code <= int(Code::bug); ++code) {
      for (const Moment moment : {Moment::connect, Moment::session}) {
        const Refusal refusal = refusal_for(Error{Code(code), blame, "10.0.3.7 secret"}, moment);
        EXPECT_EQ(refusal.severity, Severity::fatal);
        EXPECT_EQ(refusal.sqlstate.size(), 5u);
        EXPECT_THAT(std::string(as_text(written(refusal))), Not(HasSubstr("secret")));
      }
    }
  }
}

TEST(Refusal, OfAnErrorNamesWhoIsToBlame) {
  const auto state = [](Code code, Blame blame, Moment moment = Moment::session) {
    return refusal_for(Error{code, blame, ""}, moment).sqlstate;
  };
  EXPECT_EQ(state(Code::malformed, Blame::client), "08P01");
  EXPECT_EQ(state(Code::too_large, Blame::client), "54000");
  EXPECT_EQ(state(Code::unsupported, Blame::client), "0A000");
  EXPECT_EQ(state(Code::refused, Blame::client, Moment::connect), "28P01");
  EXPECT_EQ(state(Code::closed, Blame::upstream), "08006");
  EXPECT_EQ(state(Code::timed_out, Blame::upstream, Moment::connect), "57P03");
  EXPECT_EQ(state(Code::unavailable, Blame::gateway), "57P03");
}

TEST(Refusal, ByTheUpstreamIsPassedOnUnlessItIsAboutOurCredential) {
  const UpstreamRefusal full{"FATAL", "53300", "too many connections", "", ""};
  EXPECT_EQ(refusal_for(full).sqlstate, "53300");
  EXPECT_THAT(refusal_for(full).message, HasSubstr("refused the gateway's login: too many connections"));
  EXPECT_EQ(refusal_for(UpstreamRefusal{"FATAL", "28P01", "password authentication failed", "", ""}).sqlstate, "57P03");
  EXPECT_EQ(refusal_for(UpstreamRefusal{"FATAL", "", "?", "", ""}).sqlstate, "57P03");
}

TEST(Refusal, OfAHoldIsANotice) {
  Hold hold;
  hold.decision = "dec_01JD9C";
  hold.groups = {"orders-oncall", "dba"};
  hold.reason = "bulk write";
  EXPECT_EQ(as_text(written(notice_for(hold))),
            as_text(message('N',
                            "SNOTICE\0VNOTICE\0C00000\0Mnarrowgate: waiting for approval by orders-oncall or dba (dec_01JD9C)\0"
                            "Dbulk write\0HThe statement runs when it is approved. Cancel it to give up waiting.\0\0"_bytes)));
}

TEST(Refusal, NeverPutsAControlCharacterOnTheWire) {
  Refusal refusal;
  refusal.sqlstate = "42501";
  refusal.message = std::string("narrowgate: a\0b\x1b[2J", 19);
  const Bytes bytes = written(refusal);
  EXPECT_EQ(decode_error_fields(ByteView(bytes).subspan(5))->message(), "narrowgate: a\\u{0}b\\u{1b}[2J");
}

}  // namespace
}  // namespace narrowgate::postgres
