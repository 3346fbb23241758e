#include <gtest/gtest.h>

#include "grant/scope.h"

namespace narrowgate::grant {
namespace {

ObjectPattern parsed(std::string_view text) {
  const auto pattern = ObjectPattern::parse(text);
  EXPECT_TRUE(pattern.ok()) << text << ": " << (pattern.ok() ? "" : pattern.error().detail);
  return pattern.ok() ? *pattern : ObjectPattern{};
}
std::string fault(std::string_view text) {
  const auto pattern = ObjectPattern::parse(text);
  EXPECT_FALSE(pattern.ok()) << text;
  return pattern.ok() ? "" : pattern.error().detail;
}

TEST(ObjectPattern, ReadsAndPrintsEveryFormTheSameWay) {
  for (const std::string_view text : {
           "public.refunds",
           "public.customers(id, name)",
           "public.*",
           "*.*",
           "*.refunds",
           "*.*(email)",
           "_a.b$1",
           R"("Order Lines".x)",
           R"(public."Order ""Lines""")",
           R"(public.t("a.b", "c,d", "e)f"))",
           R"("pg.odd"."ü")",
           R"(public.t("*"))",
       })
    EXPECT_EQ(parsed(text).to_string(), text);
}

TEST(ObjectPattern, IgnoresBlanksAndOrderAndRepetitionInAColumnList) {
  EXPECT_EQ(parsed("public.t ( b,a ,\tb )").to_string(), "public.t(a, b)");
}

TEST(ObjectPattern, UnquotesAPlainNameThatNeedsNoQuotes) {
  EXPECT_EQ(parsed(R"("public"."refunds"("id"))"), parsed("public.refunds(id)"));
}

TEST(ObjectPattern, SaysWhereAndWhyATextIsNoPattern) {
  EXPECT_EQ(
      fault("refunds"),
      "object pattern \"refunds\", byte 8: needs a schema and a name with a dot between them, as in public.refunds or public.*");
  EXPECT_EQ(
      fault("public.Refunds"),
      "object pattern \"public.Refunds\", byte 8: a name is missing; write names that are not plain lower case in double quotes");
  EXPECT_EQ(fault("public.reFunds"),
            "object pattern \"public.reFunds\", byte 10: goes on after its end; quote names that are not plain lower case: "
            "\"Order Lines\"");
}

TEST(ObjectPattern, RefusesWhatItCouldMisread) {
  for (const std::string_view text : {
           "",           ".",          "public.",      ".refunds",      "a.b.c",         "public.t(",
           "public.t()", "public.t(a", "public.t(a,)", "public.t(a b)", "public.t(a))",  "public.t(*)",
           "public.t x", " public.t",  R"(public."t)", R"(public."")",  R"(public."*")", R"("*".t)",
           "public.t*",  "p*.t",       "1a.b",         "public.t(A)",   "a .b",          "public.té",
       })
    EXPECT_NE(fault(text), "") << text;
  EXPECT_NE(fault(std::string_view("public.\"a\0b\"", 12)), "");
  EXPECT_NE(fault("public.\"\xff\""), "");
}

TEST(ObjectPattern, BoundsEveryLength) {
  const std::string longest(identifier_bytes_max, 'a');
  EXPECT_TRUE(ObjectPattern::parse("public." + longest).ok());
  EXPECT_NE(fault("public." + longest + "a"), "");
  EXPECT_NE(fault("public.t(" + std::string(pattern_bytes_max, 'a') + ")"), "");
  std::string columns = "public.t(c0";
  for (std::size_t i = 1; i <= columns_max; ++i) columns += ",c" + std::to_string(i);
  EXPECT_NE(fault(columns + ")"), "");
}

TEST(ObjectPattern, EveryPrefixOfATextIsReadOrRefusedWithoutSurprise) {
  const std::string text = R"("Order ""Lines""".t("a b", c, d))";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const auto pattern = ObjectPattern::parse(std::string_view(text).substr(0, n));
    EXPECT_EQ(pattern.ok(), n == text.size() || text.substr(0, n) == R"("Order ""Lines""".t)") << text.substr(0, n);
  }
}

TEST(ObjectPattern, DoesNotLetAHostileTextIntoItsMessage) {
  EXPECT_EQ(fault("public.\xe2\x80\xae").find("\xe2\x80\xae"), std::string::npos);
}

TEST(ObjectPattern, AStarIsEverySchemaButTheSystems) {
  for (const std::string_view system : {"pg_catalog.pg_class", "information_schema.tables", "pg_toast.x", "pg_temp_3.t"}) {
    EXPECT_FALSE(subset(parsed(system), parsed("*.*"))) << system;
    EXPECT_FALSE(intersect(parsed(system), parsed("*.*"))) << system;
    EXPECT_TRUE(subset(parsed(system), parsed(system)));
  }
  EXPECT_TRUE(subset(parsed("pg_catalog.pg_class"), parsed("pg_catalog.*")));
  EXPECT_TRUE(subset(parsed("public.t"), parsed("*.*")));
  EXPECT_FALSE(subset(parsed("*.*"), parsed("public.*")));
}

TEST(ObjectPattern, IntersectsNamesAndColumns) {
  EXPECT_EQ(intersect(parsed("public.*"), parsed("*.refunds"))->to_string(), "public.refunds");
  EXPECT_EQ(intersect(parsed("public.t(a, b)"), parsed("public.*(b, c)"))->to_string(), "public.t(b)");
  EXPECT_EQ(intersect(parsed("public.t"), parsed("*.*(b)"))->to_string(), "public.t(b)");
  EXPECT_FALSE(intersect(parsed("public.t(a)"), parsed("public.t(b)")));
  EXPECT_FALSE(intersect(parsed("public.t"), parsed("public.u")));
  EXPECT_FALSE(intersect(parsed("public.t"), parsed("other.t")));
}

TEST(ObjectPattern, EveryColumnIsMoreThanAnyList) {
  EXPECT_TRUE(subset(parsed("public.t(a)"), parsed("public.t")));
  EXPECT_FALSE(subset(parsed("public.t"), parsed("public.t(a)")));
}

}  // namespace
}  // namespace narrowgate::grant
