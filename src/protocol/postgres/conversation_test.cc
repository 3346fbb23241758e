#include <gtest/gtest.h>

#include "testing/wire_script.h"

namespace narrowgate::testing {
namespace {

Bytes one_row() { return columns({"a"}) + row({"1"}) + complete("SELECT 1") + ready(); }
const Texts one_row_heard{"T a", "D 1", "C SELECT 1", "Z I"};

TEST(Conversation, ASimpleQueryAndItsAnswerPassUnchanged) {
  script()
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .upstream_answers(one_row())
      .client_hears(one_row_heard)
      .outcome_is("1 SELECT 1")
      .survives();
}

TEST(Conversation, AnExtendedQueryPassesMessageByMessage) {
  script()
      .client_sends(parse("", "SELECT $1") + bind("", "", {"7"}) + describe('P', "") + execute("") + sync())
      .upstream_sees({"Parse : SELECT $1", "Bind   [7]", "Describe P ", "Execute ", "Sync"})
      .upstream_answers(bare('1') + bare('2') + one_row())
      .client_hears({"1", "2", "T a", "D 1", "C SELECT 1", "Z I"})
      .outcome_is("1 SELECT 1")
      .survives();
}

TEST(Conversation, QueriesSentTogetherAreAnsweredInOrder) {
  script()
      .client_sends(query("SELECT 1") + query("SELECT 2") + query("SELECT 3"))
      .upstream_sees({"Query SELECT 1", "Query SELECT 2", "Query SELECT 3"})
      .upstream_answers(one_row() + error("42P01") + ready() + one_row())
      .client_hears({"T a", "D 1", "C SELECT 1", "Z I", "E 42P01 no", "Z I", "T a", "D 1", "C SELECT 1", "Z I"})
      .outcome_is("1 SELECT 1")
      .outcome_is("2 42P01")
      .outcome_is("3 SELECT 1")
      .survives();
}

TEST(Conversation, AStatementThatIsTooLongIsRefusedAndTheSessionGoesOn) {
  const std::string_view too_long = "E 53400 narrowgate: the statement is longer than 16777216 bytes";
  const std::string text(limits::statement_bytes_max + 1, 'x');
  WireScript played = script();
  played.client_sends(query(text))
      .client_hears({std::string(too_long), "Z I"})
      .client_sends(parse("", text) + execute("") + sync() + query("SELECT 1"))
      .upstream_sees({"Sync", "Query SELECT 1"})
      .upstream_answers(ready() + one_row())
      .client_hears({std::string(too_long), "Z I", "T a", "D 1", "C SELECT 1", "Z I"});
  played.runs();
  played.fails_at_every_step();
}

TEST(Conversation, AStatementThatRunsTooLongIsCancelled) {
  WireScript played = script();
  played.permits("SELECT 7", Enforced{.statement_max = std::chrono::milliseconds(40)})
      .client_sends(query("SELECT 7"))
      .upstream_sees({"Query SELECT 7"})
      .upstream_sees_cancel()
      .upstream_answers(error("57014") + ready())
      .client_hears({"E 53400 narrowgate: the answer passed this task's limit of 40ms for one statement", "Z I"})
      .outcome_is("1 53400")
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .upstream_answers(one_row())
      .client_hears(one_row_heard);
  played.runs();
}

TEST(Conversation, FlushMakesTheUpstreamAnswerWithoutSync) {
  script()
      .client_sends(parse("s", "SELECT 1") + describe('S', "s") + flush())
      .upstream_sees({"Parse s: SELECT 1", "Describe S s", "Flush"})
      .upstream_answers(bare('1') + Bytes{'t', 0, 0, 0, 6, 0, 0} + columns({"a"}))
      .client_hears({"1", "t", "T a"})
      .client_sends(close('S', "s") + sync())
      .upstream_sees({"Close S s", "Sync"})
      .upstream_answers(bare('3') + ready())
      .client_hears({"3", "Z I"})
      .survives();
}

TEST(Conversation, AnEmptyStatementAndASuspendedPortalAreAnswered) {
  script()
      .client_sends(parse("", "") + bind("", "") + execute("") + sync())
      .upstream_sees({"Parse : ", "Bind  ", "Execute ", "Sync"})
      .upstream_answers(bare('1') + bare('2') + bare('I') + ready())
      .client_hears({"1", "2", "I", "Z I"})
      .client_sends(parse("", "SELECT 1") + bind("p", "") + execute("p", 1) + execute("p", 1) + sync())
      .upstream_sees({"Parse : SELECT 1", "Bind p ", "Execute p max 1", "Execute p max 1", "Sync"})
      .upstream_answers(bare('1') + bare('2') + row({"1"}) + bare('s') + row({"2"}) + complete("SELECT 1") + ready())
      .client_hears({"1", "2", "D 1", "s", "D 2", "C SELECT 1", "Z I"})
      .survives();
}

TEST(Conversation, NewsComesAtAnyMoment) {
  script()
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .upstream_answers(notice("a") + columns({"a"}) + notification("c", "p") + row({"1"}) + parameter("TimeZone", "UTC") +
                        row({"2"}) + notice("b") + complete("SELECT 2") + ready())
      .client_hears({"N a", "T a", "A c p", "D 1", "S TimeZone=UTC", "D 2", "N b", "C SELECT 2", "Z I"})
      .upstream_answers(notification("c", "later"))
      .client_hears({"A c later"})
      .survives();
}

TEST(Conversation, WordsOfTheUpstreamsAreMadePrintable) {
  script()
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .upstream_answers(error("42P01", "no \x1b[2J") + ready())
      .client_hears({"E 42P01 no \\u{1b}[2J", "Z I"})
      .survives();
}

TEST(Conversation, MoreThanOneChunkOfRowsPassesWhole) {
  // Rows whose ends fall everywhere around the relay's 64 KiB.
  const Bytes long_row = row({std::string(65'000, 'x')}), short_row = row({"y"});
  script()
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .is_relayed(long_row + short_row + notice("between") + row({std::string(501, 'z')}), 60)
      .upstream_answers(complete("SELECT 180") + ready())
      .client_hears({"C SELECT 180", "Z I"})
      .outcome_is("1 SELECT 180")
      .runs();
}

TEST(Conversation, AHundredMegabytesArriveAsTheyWereSent) {
  std::string value(9'973, ' ');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = char('a' + i % 23);
  script()
      .client_sends(query("SELECT 1"))
      .upstream_sees({"Query SELECT 1"})
      .is_relayed(row({value}), 10'000)
      .upstream_answers(complete("SELECT 10000") + ready())
      .client_hears({"C SELECT 10000", "Z I"})
      .outcome_is("1 SELECT 10000")
      .runs();
}

TEST(Conversation, TheGatewayAnswersItsOwnTables) {
  script()
      .client_sends(query("SELECT * FROM narrowgate.status"))
      .client_hears({"T fact, value", "D task, tsk_test", "C SELECT 1", "Z I"})
      .client_sends(parse("g", "SELECT * FROM narrowgate.status") + describe('S', "g") + bind("", "g") + describe('P', "") +
                    execute("") + close('S', "g") + sync())
      .upstream_sees({"Sync"})
      .upstream_answers(ready())
      .client_hears({"1", "t", "T fact, value", "2", "T fact, value", "D task, tsk_test", "C SELECT 1", "3", "Z I"})
      .survives();
}

TEST(Conversation, TheGatewaysOwnAnswersWaitForTheirTurn) {
  script()
      .client_sends(parse("", "SELECT 1") + bind("", "") + execute("") + parse("g", "SELECT * FROM narrowgate.status") +
                    bind("g", "g") + execute("g") + sync())
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", "Sync"})
      .upstream_answers(bare('1') + bare('2') + row({"1"}) + complete("SELECT 1") + ready())
      .client_hears({"1", "2", "D 1", "C SELECT 1", "1", "2", "D task, tsk_test", "C SELECT 1", "Z I"})
      .client_sends(query("SELECT 1") + query("SELECT * FROM narrowgate.status"))
      .upstream_sees({"Query SELECT 1"})
      .upstream_answers(one_row())
      .client_hears({"T a", "D 1", "C SELECT 1", "Z I", "T fact, value", "D task, tsk_test", "C SELECT 1", "Z I"})
      .survives();
}

TEST(Conversation, AnErrorBeforeTheGatewaysOwnAnswerSilencesIt) {
  script()
      .client_sends(parse("s", "SELECT x") + parse("g", "SELECT * FROM narrowgate.status") + bind("g", "g") + execute("g") +
                    sync())
      .upstream_sees({"Parse s: SELECT x", "Sync"})
      .upstream_answers(error("42703") + ready())
      .client_hears({"E 42703", "Z I"})
      .survives();
}

TEST(Conversation, AFunctionCallIsARequestOfItsOwn) {
  script()
      .client_sends(function_call(1299))
      .upstream_sees({"FunctionCall 1299"})
      .upstream_answers(Bytes{'V', 0, 0, 0, 8, 0xFF, 0xFF, 0xFF, 0xFF} + ready())
      .client_hears({"V", "Z I"})
      .outcome_is("1")
      .survives();
  script().denies("fast-path").client_sends(function_call(1299)).client_hears({"E 42501", "Z I"}).survives();
}

TEST(Conversation, AMessageThatMayNotComeEndsIt) {
  for (const Bytes& broken : {Bytes{'z', 0, 0, 0, 4}, Bytes{0, 0, 0, 0, 4}, Bytes{'p', 0, 0, 0, 5, 0}, Bytes{'Q', 0, 0, 0, 3},
                              Bytes{'Q', 0, 0, 0, 8, 'a', 0, 'b', 0}, Bytes{'S', 0, 0, 0, 5, 0}})
    script().client_sends(broken).client_hears({"E FATAL 08P01"}).client_hears_end().in_pieces();
}

}  // namespace
}  // namespace narrowgate::testing
