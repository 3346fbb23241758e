#include "protocol/postgres/sql/parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pg_query.pb.h>

#include "base/limits.h"

namespace narrowgate::postgres {
namespace {

using ::testing::HasSubstr;

std::string repeated(std::string_view what, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += what;
  return out;
}

TEST(ParseSql, GivesEveryStatementOfAText) {
  const auto tree = parse_sql("SELECT 1; SELECT 2;; SELECT 3");
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->tree().stmts_size(), 3);
}

TEST(ParseSql, ReadsStringsAsTheSessionDoes) {
  const std::string_view text = "SELECT 'a\\'; DROP TABLE t; --'";
  ASSERT_TRUE(parse_sql(text).ok());
  EXPECT_EQ(parse_sql(text)->tree().stmts_size(), 2) << "a backslash is itself";
  const auto escaped = parse_sql(text, {.standard_conforming_strings = false});
  ASSERT_TRUE(escaped.ok());
  EXPECT_EQ(escaped->tree().stmts_size(), 1) << "a backslash hides the quote";
}

TEST(ParseSql, RefusesAZeroByte) {
  const std::string_view text("SELECT 1\0; DROP TABLE t", 23);
  ASSERT_FALSE(parse_sql(text).ok());
  EXPECT_EQ(parse_sql(text).error().blame, Blame::client);
}

TEST(ParseSql, RefusesWhatIsTooLong) {
  const auto bytes = parse_sql(std::string(limits::statement_bytes_max + 1, ' '));
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().code, Code::too_large);
  const auto tokens = parse_sql("SELECT " + repeated("1,", limits::statement_tokens_max / 2) + "1");
  ASSERT_FALSE(tokens.ok());
  EXPECT_THAT(tokens.error().detail, HasSubstr("tokens"));
}

TEST(ParseSql, SurvivesWhatIsDeep) {
  const std::size_t deep = 30'000;
  for (const std::string& text :
       {"SELECT 1" + repeated("+1", deep), "SELECT 'a'" + repeated("||a", deep),
        "SELECT " + repeated("(", deep) + "1" + repeated(")", deep), "SELECT " + repeated("-", deep) + "1",
        "SELECT " + repeated("NOT ", deep) + "true", repeated("(", deep) + "SELECT 1" + repeated(")", deep),
        "SELECT 1 FROM a" + repeated(" JOIN a ON true", 20'000), "SELECT ARRAY" + repeated("[", deep) + "1" + repeated("]", deep),
        "SELECT 1 " + repeated("UNION SELECT 1 ", deep), "SELECT a" + repeated("[1]", deep)}) {
    const auto tree = parse_sql(text);  // on this thread: its 8 MiB are what is promised to be enough
    EXPECT_TRUE(tree.ok() || tree.error().blame == Blame::client) << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace narrowgate::postgres
