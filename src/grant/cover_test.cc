// Which effects a scope covers, and with which limits.
#include <gtest/gtest.h>

#include "grant/scope.h"

namespace narrowgate::grant {
namespace {

Atom atom(std::string_view verb, std::string_view object, Limits limits = {}) {
  auto pattern = ObjectPattern::parse(object);
  EXPECT_TRUE(pattern.ok()) << object;
  return {"orders", std::string(verb), std::move(pattern).take(), limits, false};
}
Atom needs_where(Atom one) { return one.where_required = true, one; }
Limits rows_read(std::uint64_t n) {
  Limits out;
  out.rows_read = n;
  return out;
}
Limits bytes(std::uint64_t n) {
  Limits out;
  out.bytes = n;
  return out;
}
Effect effect(std::string_view verb, std::string_view object, std::vector<std::string> columns = {}) {
  return {std::string(verb), ObjectKind::table, std::string(object), std::move(columns), false};
}
bool covered(const Scope& scope, const Effect& what, bool has_where = false) {
  return scope.covers("orders", what, has_where).has_value();
}

TEST(Covers, NeedsTheResourceTheVerbAndTheObject) {
  const Scope scope({atom("SELECT", "public.refunds")});
  EXPECT_TRUE(covered(scope, effect("SELECT", "public.refunds")));
  EXPECT_FALSE(covered(scope, effect("UPDATE", "public.refunds")));
  EXPECT_FALSE(covered(scope, effect("SELECT", "public.cards")));
  EXPECT_FALSE(covered(scope, effect("SELECT", "audit.refunds")));
  EXPECT_FALSE(scope.covers("billing", effect("SELECT", "public.refunds"), false));
  EXPECT_FALSE(covered(Scope(), effect("SELECT", "public.refunds")));
}

TEST(Covers, AStarIsEveryVerbAndEveryObjectButNoSystemCatalog) {
  const Scope scope({atom("*", "*.*")});
  EXPECT_TRUE(covered(scope, effect("TRUNCATE", "audit.x")));
  for (const auto* system : {"pg_catalog.pg_authid", "information_schema.tables", "pg_toast.pg_toast_1"})
    EXPECT_FALSE(covered(scope, effect("SELECT", system))) << system;
  EXPECT_TRUE(covered(Scope({atom("SELECT", "pg_catalog.*")}), effect("SELECT", "pg_catalog.pg_class")));
}

TEST(Covers, ColumnsMayBeCoveredBySeveralAtomsTogether) {
  const Scope scope({atom("SELECT", "public.customers(id)"), atom("SELECT", "public.customers(name)")});
  EXPECT_TRUE(covered(scope, effect("SELECT", "public.customers", {"id", "name"})));
  EXPECT_FALSE(covered(scope, effect("SELECT", "public.customers", {"email", "id"})));
}

TEST(Covers, EveryColumnNeedsAnAtomWithoutAColumnList) {
  EXPECT_FALSE(covered(Scope({atom("SELECT", "public.customers(id, name)")}), effect("SELECT", "public.customers")));
  EXPECT_TRUE(covered(Scope({atom("SELECT", "public.customers")}), effect("SELECT", "public.customers", {"email"})));
}

TEST(Covers, WhereIsAskedOfUpdateAndDeleteOnly) {
  const Scope scope({needs_where(atom("*", "public.*"))});
  EXPECT_FALSE(covered(scope, effect("UPDATE", "public.t")));
  EXPECT_FALSE(covered(scope, effect("DELETE", "public.t")));
  EXPECT_TRUE(covered(scope, effect("UPDATE", "public.t"), true));
  EXPECT_TRUE(covered(scope, effect("SELECT", "public.t")));
}

TEST(Covers, GivesTheWidestLimitsOfTheAtomsThatCover) {
  const Scope scope({atom("SELECT", "public.*", rows_read(10)), atom("SELECT", "public.refunds", rows_read(500))});
  EXPECT_EQ(scope.covers("orders", effect("SELECT", "public.refunds"), false), rows_read(500));
  EXPECT_EQ(scope.covers("orders", effect("SELECT", "public.cards"), false), rows_read(10));
}

TEST(Covers, AJointCoverHasTheLeastLimitOfItsColumns) {
  const Scope scope({atom("SELECT", "public.t(a)", rows_read(10)), atom("SELECT", "public.t(b)", rows_read(500))});
  EXPECT_EQ(scope.covers("orders", effect("SELECT", "public.t", {"a", "b"}), false), rows_read(10));
  EXPECT_EQ(scope.covers("orders", effect("SELECT", "public.t", {"b"}), false), rows_read(500));
}

TEST(Covers, NeverMixesTheLimitsOfTwoAtomsIntoSomethingWider) {
  const Scope scope({atom("SELECT", "public.t", rows_read(10)), atom("SELECT", "public.t", bytes(99))});
  EXPECT_EQ(scope.covers("orders", effect("SELECT", "public.t"), false), bytes(99)) << "more rows win over more bytes";
  EXPECT_FALSE(scope.permits("orders", effect("SELECT", "public.t"), false, {}));
  EXPECT_TRUE(scope.permits("orders", effect("SELECT", "public.t"), false, rows_read(10)));
}

TEST(Covers, AnUnresolvedOrEmptyNameIsNotCovered) {
  const Scope scope({atom("*", "*.*")});
  for (const auto* object : {"", "refunds", ".refunds", "public.", "."})
    EXPECT_FALSE(covered(scope, effect("SELECT", object))) << object;
}

TEST(Covers, ANameWithADotInItMustBeCoveredHoweverItIsRead) {
  EXPECT_FALSE(covered(Scope({atom("SELECT", "public.*")}), effect("SELECT", "public.a.b")));
  EXPECT_FALSE(covered(Scope({atom("SELECT", R"(public."a.b")")}), effect("SELECT", "public.a.b")));
  EXPECT_TRUE(covered(Scope({atom("SELECT", "*.*")}), effect("SELECT", "public.a.b")));
}

TEST(Covers, ASchemaOnlyAsAWholeAndADatabaseOrSettingOnlyWithEverything) {
  const auto of = [](ObjectKind kind, std::string_view object) { return Effect{"DDL", kind, std::string(object), {}, false}; };
  const Scope schema({atom("DDL", "public.*")}), all({atom("DDL", "*.*")}), table({atom("DDL", "public.t")});
  EXPECT_TRUE(covered(schema, of(ObjectKind::schema, "public")));
  EXPECT_FALSE(covered(schema, of(ObjectKind::schema, "audit")));
  EXPECT_FALSE(covered(table, of(ObjectKind::schema, "public")));
  EXPECT_FALSE(covered(all, of(ObjectKind::schema, "pg_catalog")));
  EXPECT_FALSE(covered(schema, of(ObjectKind::database, "orders")));
  EXPECT_TRUE(covered(all, of(ObjectKind::database, "orders")));
  EXPECT_TRUE(covered(all, of(ObjectKind::setting, "work_mem")));
  EXPECT_TRUE(covered(Scope({atom("CALL", "public.*")}), {"CALL", ObjectKind::function, "public.f", {}, false}));
}

TEST(ScopeForm, KeepsNoAtomThatIsInsideAnother) {
  const Scope scope({atom("SELECT", "public.t(a)"), atom("SELECT", "public.*"), atom("SELECT", "public.*"),
                     atom("SELECT", "public.t", rows_read(5))});
  ASSERT_EQ(scope.atoms().size(), 1U);
  EXPECT_EQ(scope.atoms()[0], atom("SELECT", "public.*"));
}

TEST(ScopeForm, DoesNotDependOnTheOrderItWasWrittenIn) {
  const std::vector<Atom> atoms = {atom("UPDATE", "public.t(a)"), atom("SELECT", "public.t"), atom("SELECT", "audit.*")};
  EXPECT_EQ(Scope(atoms), Scope({atoms[2], atoms[0], atoms[1]}));
}

TEST(ScopeForm, ForgetsAWhereThatMeansNothing) {
  EXPECT_EQ(Scope({needs_where(atom("SELECT", "public.t"))}), Scope({atom("SELECT", "public.t")}));
}

TEST(ScopeForm, TakesApartByResource) {
  auto other = atom("SELECT", "public.t");
  other.resource = "billing";
  const Scope scope({atom("SELECT", "public.t"), other});
  EXPECT_EQ(scope.on("billing"), Scope({other}));
  EXPECT_TRUE(scope.on("nothing").empty());
}

TEST(Subset, SeesAnAtomInsideSeveralOthersTogether) {
  EXPECT_TRUE(
      subset(Scope({atom("SELECT", "public.t(a, b)")}), Scope({atom("SELECT", "public.t(a)"), atom("SELECT", "public.t(b)")})));
  EXPECT_TRUE(subset(Scope({atom("*", "public.t")}),
                     Scope({needs_where(atom("*", "public.*")), atom("UPDATE", "*.t"), atom("DELETE", "public.t")})));
  EXPECT_FALSE(subset(Scope({atom("*", "public.t")}), Scope({needs_where(atom("*", "public.*")), atom("UPDATE", "*.t")})));
  EXPECT_FALSE(subset(Scope({atom("SELECT", "public.*")}), Scope({atom("SELECT", "public.t"), atom("SELECT", "public.u")})));
}

TEST(Subset, OfAScopeBuiltToBeSlowSaysNoRatherThanHang) {
  std::vector<Atom> atoms;
  for (int i = 0; i < 400; ++i) {
    const auto n = std::to_string(i);
    atoms.push_back(atom("V" + n, "*.*"));
    atoms.push_back(atom("*", "s" + n + ".*"));
    atoms.push_back(atom("*", "*.n" + n));
  }
  EXPECT_FALSE(subset(Scope({atom("*", "*.*")}), Scope(atoms)));
  EXPECT_TRUE(subset(Scope(atoms), Scope(atoms)));
}

}  // namespace
}  // namespace narrowgate::grant
