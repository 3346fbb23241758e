#include "protocol/postgres/numberless.h"

#include <gtest/gtest.h>

namespace narrowgate::postgres {
namespace {

std::string cut(std::string_view text) {
  std::string out;
  return cut_numbers(text, out) ? out : "(no)";
}

TEST(Numberless, CutsWholeNumbersAndNothingElse) {
  EXPECT_EQ(cut("SELECT a FROM t1 WHERE id = 42"), cut("SELECT a FROM t1 WHERE id = 7"));
  EXPECT_EQ(cut("SELECT a FROM t WHERE id=42;"), "SELECT a FROM t WHERE id=\x01;");
  EXPECT_NE(cut("SELECT a FROM t1"), cut("SELECT a FROM t2"));
  EXPECT_NE(cut("SELECT 1 , 2"), cut("SELECT 1"));
  EXPECT_NE(cut("SELECT -1"), cut("SELECT 1"));
  EXPECT_NE(cut("SELECT 1 2"), cut("SELECT 12"));
}

TEST(Numberless, GivesUpWhereADigitMightBeSomethingElse) {
  for (const auto* text :
       {"SELECT '1'", "SELECT \"a1\"", "SELECT $1", "SELECT $$1$$", "SELECT 1.5", "SELECT .5", "SELECT 1.", "SELECT 1e5",
        "SELECT 0x10", "SELECT 1_000", "SELECT 1a", "SELECT 1 -- 2", "SELECT 1 /* 2 */", "SELECT E'\\1'",
        "SELECT \xC3\xA9"
        "1",
        "SELECT 1\x01", "SELECT a$1", "a.1"})
    EXPECT_EQ(cut(text), "(no)") << text;
}

}  // namespace
}  // namespace narrowgate::postgres
