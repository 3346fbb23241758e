#include <gtest/gtest.h>

#include "grant/scope_json.h"

namespace narrowgate::grant {
namespace {

using namespace std::chrono_literals;

Atom full() {
  return {"orders", "UPDATE", ObjectPattern::parse("public.refunds(state)").value(), {500, 10, 1'048'576, 30s}, true};
}

TEST(ScopeJson, WritesWhatItReads) {
  const Scope scope({full(), {"orders", "SELECT", ObjectPattern::parse("*.*").value(), {}, false}});
  EXPECT_EQ(scope_from_text(canonical(to_json(scope))).value(), scope);
  EXPECT_EQ(
      canonical(to_json(full())),
      R"-({"limits":{"bytes":1048576,"rows_read":500,"rows_written":10,"statement_ms":30000},"object":"public.refunds(state)",)-"
      R"-("resource":"orders","verb":"UPDATE","where":"required"})-");
}

TEST(ScopeJson, RefusesWhatItDoesNotKnowBecauseAnUnreadLimitWouldWiden) {
  const std::string good = R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows_read":1}}])";
  ASSERT_TRUE(scope_from_text(good).ok());
  for (const std::string_view text : {
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows":1}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limit":{"rows_read":1}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows_read":-1}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows_read":1.5}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows_read":"1"}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"rows_read":1,"rows_read":9}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","limits":{"statement_ms":18446744073709551615}}])",
           R"([{"resource":"o","verb":"SELECT","object":"a.b","where":"maybe"}])",
           R"([{"resource":"o","verb":"SELECT","object":"a"}])",
           R"([{"resource":"o","verb":"SELECT"}])",
           R"([{"verb":"SELECT","object":"a.b"}])",
           R"([{"resource":"o","object":"a.b"}])",
           R"(["SELECT"])",
           R"({})",
           R"([)",
       })
    EXPECT_FALSE(scope_from_text(text).ok()) << text;
}

TEST(ScopeJson, ReadsAtMostSoManyAtoms) {
  json::array atoms(atoms_max + 1, to_json(full()));
  EXPECT_EQ(scope_from_json(atoms).error().code, Code::too_large);
  atoms.pop_back();
  EXPECT_EQ(scope_from_json(atoms)->atoms().size(), 1U);
}

TEST(ScopeWords, SayWhatAnAtomAllows) {
  EXPECT_EQ(describe(full()),
            "UPDATE on public.refunds(state), with WHERE, at most 500 rows read, at most 10 rows written, at most 1048576 bytes, "
            "30s per statement");
  EXPECT_EQ(describe(Atom{"o", "*", {"*", "*", {}}, {}, false}), "everything on *.*");
}

}  // namespace
}  // namespace narrowgate::grant
