#include "cli/agent_access.h"

#include <gtest/gtest.h>

#include <random>

#include "protocol/postgres/wire/startup.h"

namespace narrowgate::cli {
namespace {

AgentAccess access_to_orders() {
  AgentAccess access;
  access.host = "127.0.0.1", access.port = "6432", access.sslmode = "verify-full", access.ca_file = "/data/tls/ca.pem";
  access.agent = "refund-bot", access.task_template = "refund-triage", access.resource = access.database = "orders";
  access.key = SecretString("ngk_0011_secret");
  return access;
}

TEST(Options, EscapeBlanksAndBackslashesAsTheServerReadsThem) {
  EXPECT_EQ(option_word("narrowgate.reason", "batch 42 \\ twice"), R"(-c narrowgate.reason=batch\ 42\ \\\ twice)");
  EXPECT_EQ(option_word("narrowgate.reason", ""), "");
}

// Read back by the gateway's own reader, whatever stands in them.
TEST(Options, ComeBackAsTheyWereFromTheGatewaysReader) {
  std::mt19937 random(7);
  const std::string letters = "ab= \\\t\n\v\f\r'\"-c\xc3\xa9";
  for (int round = 0; round < 2'000; ++round) {
    AgentAccess access = access_to_orders();
    access.reason = "r", access.ticket = "t";
    for (int i = 0; i < round % 20; ++i)
      access.reason += letters[random() % letters.size()], access.ticket += letters[random() % letters.size()];
    const auto settings = postgres::parse_options(startup_options(access));
    ASSERT_TRUE(settings.ok()) << startup_options(access);
    ASSERT_EQ(settings->size(), 3u);
    EXPECT_EQ((*settings)[0].value, "refund-triage");
    EXPECT_EQ((*settings)[1].value, access.reason);
    EXPECT_EQ((*settings)[2].value, access.ticket);
  }
}

TEST(Passfile, IsForThisGatewayAndAgentOnly) {
  EXPECT_EQ(passfile_line(access_to_orders()), "127.0.0.1:6432:*:refund-bot:ngk_0011_secret\n");
}

TEST(Passfile, EscapesWhatSeparatesFields) {
  AgentAccess access = access_to_orders();
  access.host = "::1", access.key = SecretString("a:b\\c");
  EXPECT_EQ(passfile_line(access), "\\:\\:1:6432:*:refund-bot:a\\:b\\\\c\n");
}

TEST(AgentEnvironment, HoldsNothingThatADatabaseOrACloudWouldAccept) {
  AgentAccess access = access_to_orders();
  access.secrets_of_others.push_back(SecretString("upstream-pa55word"));
  const Environment after = agent_environment({{"PATH", "/bin"},
                                               {"PGPASSWORD", "x"},
                                               {"PGSERVICE", "prod"},
                                               {"PGHOSTADDR", "10.0.0.1"},
                                               {"AWS_SECRET_ACCESS_KEY", "x"},
                                               {"AWS_PROFILE", "prod"},
                                               {"DATABASE_URL", "postgres://x"},
                                               {"NARROWGATE_TOKEN", "ngs_x"},
                                               {"NARROWGATE_PASSWORD", "x"},
                                               {"ORDERS_PASSWORD", "upstream-pa55word"},
                                               {"ORDERS_DSN", "postgres://u:upstream-pa55word@db/orders"},
                                               {"PGTZ", "UTC"}},
                                              access, "/run/pass");
  for (const char* gone : {"PGPASSWORD", "PGSERVICE", "PGHOSTADDR", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "DATABASE_URL",
                           "NARROWGATE_TOKEN", "NARROWGATE_PASSWORD", "ORDERS_PASSWORD", "ORDERS_DSN"})
    EXPECT_FALSE(after.contains(gone)) << gone;
  EXPECT_EQ(after.at("PATH"), "/bin");
  EXPECT_EQ(after.at("PGTZ"), "UTC");
}

TEST(AgentEnvironment, LeadsEveryClientToTheGateway) {
  const Environment after =
      agent_environment({{"PGHOST", "db.internal"}, {"PGUSER", "postgres"}}, access_to_orders(), "/run/pass");
  EXPECT_EQ(after.at("PGHOST"), "127.0.0.1");
  EXPECT_EQ(after.at("PGPORT"), "6432");
  EXPECT_EQ(after.at("PGUSER"), "refund-bot");
  EXPECT_EQ(after.at("PGDATABASE"), "orders");
  EXPECT_EQ(after.at("PGOPTIONS"), "-c narrowgate.task=refund-triage");
  EXPECT_EQ(after.at("PGSSLMODE"), "verify-full");
  EXPECT_EQ(after.at("PGSSLROOTCERT"), "/data/tls/ca.pem");
  EXPECT_EQ(after.at("PGPASSFILE"), "/run/pass");
  for (const auto& [name, value] : after) EXPECT_EQ(value.find("secret"), std::string::npos) << name;
}

// A word that is a secret by accident must not empty the environment.
TEST(AgentEnvironment, KeepsVariablesThatOnlyContainAShortSecret) {
  AgentAccess access = access_to_orders();
  access.secrets_of_others.push_back(SecretString("bin"));
  const Environment after = agent_environment({{"PATH", "/bin"}, {"PASS", "bin"}}, access, "");
  EXPECT_TRUE(after.contains("PATH"));
  EXPECT_FALSE(after.contains("PASS"));
}

}  // namespace
}  // namespace narrowgate::cli
