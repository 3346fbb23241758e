// Asked wide, gets the intersection, and is told.
#include <gtest/gtest.h>

#include "grant/grant.h"

namespace narrowgate::grant {
namespace {

Atom atom(std::string_view verb, std::string_view object, std::optional<std::uint64_t> rows_written = {}) {
  Limits limits;
  limits.rows_written = rows_written;
  return {"orders", std::string(verb), ObjectPattern::parse(object).value(), limits, false};
}
const std::vector<KnownTable> kTables = {{"public", "refunds"}, {"public", "customers"}, {"public", "orders"},
                                         {"public", "cards"},   {"audit", "refunds"},    {"pg_catalog", "pg_class"}};

TEST(Narrow, GivesTheIntersectionAndSaysWhatWasLeftOut) {
  const Scope asked({atom("SELECT", "public.*"), atom("DELETE", "public.refunds"), atom("UPDATE", "public.refunds")});
  const Scope granted(
      {atom("SELECT", "public.refunds"), atom("SELECT", "public.customers(id)"), atom("UPDATE", "public.refunds", 10)});
  const auto narrowed = narrow(asked, granted, kTables);
  EXPECT_EQ(narrowed.granted, granted);
  EXPECT_EQ(
      narrowed.words,
      "granted SELECT on 2 of 5 tables, UPDATE on 1 of 5 tables; left out: DELETE on public.refunds, some of SELECT on public.*, "
      "some of UPDATE on public.refunds (only with narrower limits)");
  ASSERT_EQ(narrowed.left_out.size(), 3U);
  EXPECT_EQ(narrowed.left_out[0], (LeftOut{atom("DELETE", "public.refunds"), {}}));
  EXPECT_EQ(narrowed.left_out[2], (LeftOut{atom("UPDATE", "public.refunds"), {atom("UPDATE", "public.refunds", 10)}}));
}

TEST(Narrow, NeverGivesMoreThanWasAskedOrDecided) {
  const Scope asked({atom("SELECT", "public.refunds")}), granted({atom("*", "*.*")});
  EXPECT_EQ(narrow(asked, granted, {}).granted, asked);
  EXPECT_FALSE(narrow(asked, granted, {}).narrower());
}

TEST(Narrow, WithoutAListOfTablesNamesTheObjects) {
  const Scope scope({atom("SELECT", "public.customers(id, name)"), atom("SELECT", "public.refunds"), atom("*", "audit.*")});
  EXPECT_EQ(narrow(scope, scope, {}).words,
            "granted every verb on audit.*; SELECT on public.customers(id, name), public.refunds");
}

TEST(Narrow, SaysSoWhenNothingIsLeft) {
  EXPECT_EQ(narrow(Scope({atom("SELECT", "a.b")}), Scope(), kTables).words, "granted nothing");
}

TEST(Narrow, KeepsItsWordsShortAndWhole) {
  std::vector<Atom> asked;
  for (int i = 0; i < 200; ++i) asked.push_back(atom("SELECT", "public.table_number_" + std::to_string(i)));
  const auto narrowed = narrow(Scope(asked), Scope({asked[0], asked[1]}), {});
  EXPECT_LE(narrowed.words.size(), notice_bytes_max);
  EXPECT_TRUE(narrowed.words.ends_with(" more")) << narrowed.words;
  EXPECT_EQ(narrowed.left_out.size(), 198U);
  const auto all = narrow(Scope(asked), Scope(asked), {});
  EXPECT_LE(all.words.size(), notice_bytes_max);
  EXPECT_EQ(all.words, "granted 1 kinds of access; see narrowgate.scope");
}

TEST(Narrow, ShowsNoInvisibleCharacters) {
  const Scope scope({atom("SELECT", "public.\"a\xe2\x80\xae\"")});
  EXPECT_EQ(narrow(scope, scope, {}).words, "granted SELECT on public.\"a\\u{202e}\"");
}

TEST(Narrow, IsDataForTheRecord) {
  const auto narrowed =
      narrow(Scope({atom("UPDATE", "public.t"), atom("DELETE", "public.t")}), Scope({atom("UPDATE", "public.t", 10)}), {});
  EXPECT_EQ(
      canonical(to_json(narrowed)),
      R"({"asked":[{"object":"public.t","resource":"orders","verb":"DELETE"},{"object":"public.t","resource":"orders","verb":"UPDATE"}],)"
      R"("granted":[{"limits":{"rows_written":10},"object":"public.t","resource":"orders","verb":"UPDATE"}],)"
      R"("left_out":[{"asked":{"object":"public.t","resource":"orders","verb":"DELETE"},"got":[]},)"
      R"({"asked":{"object":"public.t","resource":"orders","verb":"UPDATE"},"got":[{"limits":{"rows_written":10},)"
      R"("object":"public.t","resource":"orders","verb":"UPDATE"}]}]})");
}

}  // namespace
}  // namespace narrowgate::grant
