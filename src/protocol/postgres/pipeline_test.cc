// Refusals: simple, and in a pipeline at every place; in no transaction, an open one and a failed one.
#include <gtest/gtest.h>

#include "testing/wire_script.h"

namespace narrowgate::testing {
namespace {

Bytes steps(const char* text) { return parse("", text) + bind("", "") + execute(""); }
Bytes answered(const char* tag) { return bare('1') + bare('2') + complete(tag); }
const std::string refused_step = "Parse narrowgate_refused: narrowgate refused this statement";
const std::string refused_query = "Query narrowgate refused this statement";

// BEGIN, so that a transaction is open.
WireScript in_transaction() {
  return script()
      .denies("DELETE")
      .client_sends(query("BEGIN"))
      .upstream_sees({"Query BEGIN"})
      .upstream_answers(complete("BEGIN") + ready('T'))
      .client_hears({"C BEGIN", "Z T"});
}

TEST(Refusal, OutsideATransactionTheUpstreamHearsNothing) {
  script()
      .denies("DELETE")
      .client_sends(query("DELETE FROM refunds"))
      .client_hears({"E 42501 narrowgate: denied", "Z I"})
      .survives();
}

TEST(Refusal, BehindAQueryInFlightTakesItsTurn) {
  script()
      .denies("DELETE")
      .client_sends(query("SELECT 1") + query("DELETE FROM refunds") + query("SELECT 2"))
      .upstream_sees({"Query SELECT 1", refused_query, "Query SELECT 2"})
      .upstream_answers(complete("SELECT 1") + ready())
      .client_hears({"C SELECT 1", "Z I"})
      .upstream_answers(error("42601", "syntax error") + ready() + complete("SELECT 2") + ready())
      .client_hears({"E 42501 narrowgate: denied", "Z I", "C SELECT 2", "Z I"})
      .survives();
}

TEST(Refusal, InATransactionFailsIt) {
  in_transaction()
      .client_sends(query("DELETE FROM refunds"))
      .upstream_sees({refused_query})
      .upstream_answers(error("42601", "syntax error") + ready('E'))
      .client_hears({"E 42501", "Z E"})
      .client_sends(query("ROLLBACK"))
      .upstream_sees({"Query ROLLBACK"})
      .upstream_answers(complete("ROLLBACK") + ready())
      .client_hears({"C ROLLBACK", "Z I"})
      .survives();
}

TEST(Refusal, InAFailedTransactionIsSaidAtOnce) {
  in_transaction()
      .client_sends(query("SELECT x"))
      .upstream_sees({"Query SELECT x"})
      .upstream_answers(error("42703") + ready('E'))
      .client_hears({"E 42703", "Z E"})
      .client_sends(query("DELETE FROM refunds"))
      .client_hears({"E 42501", "Z E"})
      .survives();
}

TEST(Refusal, OfAParseSkipsToSync) {
  script()
      .denies("DELETE")
      .client_sends(steps("DELETE FROM refunds") + steps("SELECT 1") + sync())
      .client_hears({"E 42501"})
      .upstream_sees({"Sync"})
      .upstream_answers(ready())
      .client_hears({"Z I"})
      .client_sends(steps("SELECT 1") + sync())
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", "Sync"})
      .upstream_answers(answered("SELECT 1") + ready())
      .client_hears({"1", "2", "C SELECT 1", "Z I"})
      .survives();
}

TEST(Refusal, AtEveryPlaceInAPipelineEndsItThere) {
  for (int place = 0; place < 3; ++place) {
    WireScript told = script().denies("DELETE");
    Bytes sent, answers;
    Texts seen, heard;
    for (int i = 0; i < 3; ++i) sent = sent + steps(i == place ? "DELETE FROM refunds" : "SELECT 1");
    for (int i = 0; i < place; ++i) {
      answers = answers + answered("SELECT 1");
      seen.insert(seen.end(), {"Parse : SELECT 1", "Bind  ", "Execute "});
      heard.insert(heard.end(), {"1", "2", "C SELECT 1"});
    }
    if (place > 0) {
      seen.push_back(refused_step);
      answers = answers + error("42601");
    }
    seen.push_back("Sync");
    heard.push_back("E 42501");
    heard.push_back("Z I");
    told.client_sends(sent + sync()).upstream_sees(seen).upstream_answers(answers + ready()).client_hears(heard).survives();
  }
}

TEST(Refusal, InAPipelineInsideATransactionFailsThat) {
  in_transaction()
      .client_sends(steps("SELECT 1") + steps("DELETE FROM refunds") + sync())
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", refused_step, "Sync"})
      .upstream_answers(answered("SELECT 1") + error("42601") + ready('E'))
      .client_hears({"1", "2", "C SELECT 1", "E 42501", "Z E"})
      .survives();
  in_transaction()
      .client_sends(steps("DELETE FROM refunds") + sync())
      .upstream_sees({refused_step, "Sync"})
      .upstream_answers(error("42601") + ready('E'))
      .client_hears({"E 42501", "Z E"})
      .survives();
}

TEST(Refusal, OfAnExecuteKeepsWhatWasPrepared) {
  script()
      .denies_running("DELETE")
      .client_sends(parse("s", "DELETE FROM refunds") + bind("", "s") + execute("") + sync())
      .upstream_sees({"Parse s: DELETE FROM refunds", "Bind  s", refused_step, "Sync"})
      .upstream_answers(bare('1') + bare('2') + error("42601") + ready())
      .client_hears({"1", "2", "E 42501", "Z I"})
      .survives();
}

TEST(Refusal, IsNotSaidIntoAPipelineThatHasFailed) {
  script()
      .denies("DELETE")
      .client_sends(parse("", "SELECT x") + flush())
      .upstream_sees({"Parse : SELECT x"})
      .upstream_answers(error("42703"))
      .client_hears({"E 42703"})
      .client_sends(steps("DELETE FROM refunds") + query("DELETE FROM refunds") + sync())
      .upstream_sees({"Sync"})
      .upstream_answers(ready())
      .client_hears({"Z I"})
      .survives();
}

TEST(Refusal, OfAQueryBehindStepsWithoutSyncUndoesTheirWork) {
  script()
      .denies("DELETE")
      .client_sends(steps("SELECT 1") + query("DELETE FROM refunds"))
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", refused_query})
      .upstream_answers(answered("SELECT 1") + error("42601") + ready())
      .client_hears({"1", "2", "C SELECT 1", "E 42501", "Z I"})
      .survives();
}

TEST(Pipeline, AnErrorOfTheServersSkipsToSync) {
  script()
      .client_sends(steps("SELECT 1") + steps("SELECT x") + steps("SELECT 2") + sync() + query("SELECT 3"))
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", "Parse : SELECT x", "Bind  ", "Execute ", "Parse : SELECT 2",
                      "Bind  ", "Execute ", "Sync", "Query SELECT 3"})
      .upstream_answers(answered("SELECT 1") + error("42703") + ready() + complete("SELECT 3") + ready())
      .client_hears({"1", "2", "C SELECT 1", "E 42703", "Z I", "C SELECT 3", "Z I"})
      .outcome_is("1 SELECT 1")
      .outcome_is("2 42703 not completed")
      .outcome_is("3 42703 not completed")
      .outcome_is("4 SELECT 3")
      .survives();
}

TEST(Pipeline, ATransactionThatFailsAtSyncIsTold) {
  script()
      .client_sends(steps("SELECT 1") + sync())
      .upstream_sees({"Parse : SELECT 1", "Bind  ", "Execute ", "Sync"})
      .upstream_answers(answered("SELECT 1") + error("23503", "deferred") + ready())
      .client_hears({"1", "2", "C SELECT 1", "E 23503", "Z I"})
      .survives();
}

TEST(Pipeline, LongerThanTheGatewayKeepsTrackOfIsAnsweredOnTheWay) {
  Bytes sent, answers;
  for (int i = 0; i < 10'050; ++i) sent = sent + close('S', "x"), answers = answers + bare('3');
  WireScript told = script().client_sends(sent + sync());
  told.upstream_sees(Texts(10'000, "Close S x")).upstream_answers(Bytes(answers.begin(), answers.begin() + 50'000));
  told.upstream_sees(Texts(50, "Close S x")).upstream_sees({"Sync"});
  told.upstream_answers(Bytes(answers.begin() + 50'000, answers.end()) + ready())
      .client_hears(Texts(10'050, "3"))
      .client_hears({"Z I"})
      .runs();
}

}  // namespace
}  // namespace narrowgate::testing
