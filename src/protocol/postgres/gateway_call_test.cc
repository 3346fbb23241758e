#include "protocol/postgres/gateway_call.h"

#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

TEST(GatewayCall, AnswersItsOwnTablesInAnySpelling) {
  for (const auto* sql : {"SELECT * FROM narrowgate.scope", "select*from narrowgate . scope ;", "TABLE narrowgate.scope",
                          "\n SELECT\t* FROM NARROWGATE.SCOPE;;"}) {
    const auto call = gateway_call(sql);
    ASSERT_TRUE(call) << sql;
    EXPECT_EQ(call->what, GatewayCall::What::scope);
  }
  EXPECT_EQ(gateway_call("table narrowgate.status")->what, GatewayCall::What::status);
}

TEST(GatewayCall, ReadsTheDecisionAndTheReason) {
  const auto call = gateway_call("CALL narrowgate.request('dec_01', 'it''s urgent')");
  ASSERT_TRUE(call);
  EXPECT_EQ(call->arguments, (std::vector<std::string>{"dec_01", "it's urgent"}));
}

TEST(GatewayCall, TakesTheNameThatADriverGivesItself) {
  for (const auto* sql : {"SET application_name = 'psql'", "set session application_name to 'psql';"}) {
    const auto call = gateway_call(sql);
    ASSERT_TRUE(call) << sql;
    EXPECT_EQ(call->what, GatewayCall::What::name);
    EXPECT_EQ(call->arguments, std::vector<std::string>{"psql"});
  }
  for (const auto* sql : {"SET LOCAL application_name = 'x'", "SET application_name = x", "SET application_name = 'x'; SELECT 1",
                          "SET application_name = 'x', 'y'", "SET search_path = 'x'"})
    EXPECT_FALSE(gateway_call(sql)) << sql;
}

TEST(GatewayCall, LeavesEverythingElseToTheOrdinaryWay) {
  for (const auto* sql :
       {"SELECT * FROM narrowgate.scope; DELETE FROM orders", "SELECT * FROM narrowgate.scopes",
        "SELECT * FROM narrowgate.scope s, orders", "SELECT * FROM \"narrowgate\".scope", "CALL narrowgate.request('a\\', 'b')",
        "CALL narrowgate.request('a', 'b', 'c')", "CALL narrowgate.request('a', b)", "SELECT * FROM narrowgate.scope -- x", "",
        "SELECT", "CALL narrowgate.request('a', 'b"})
    EXPECT_FALSE(gateway_call(sql)) << sql;
}

}  // namespace
}  // namespace narrowgate::postgres
