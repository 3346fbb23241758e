#include "policy/objects.h"

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

using Labels = std::set<std::string>;

TEST(Objects, scope_takes_verb_object_and_every_column) {
  const std::vector<ScopePart> scope{{"SELECT", "public", "refunds", {"id"}}, {"SELECT", "public", "refunds", {"state"}}};
  EXPECT_TRUE(in_scope(scope, effect("SELECT", "public.refunds", {"id", "state"}))) << "together";
  EXPECT_FALSE(in_scope(scope, effect("SELECT", "public.refunds", {"id", "note"})));
  EXPECT_FALSE(in_scope(scope, effect("SELECT", "public.refunds"))) << "every column is more than both";
  EXPECT_FALSE(in_scope(scope, effect("UPDATE", "public.refunds", {"id"})));
  EXPECT_FALSE(in_scope(scope, effect("SELECT", "other.refunds", {"id"})));
  EXPECT_FALSE(in_scope({}, effect("SELECT", "public.refunds", {"id"})));
}

TEST(Objects, a_wildcard_schema_leaves_the_systems_out) {
  const std::vector<ScopePart> all{{"*", "*", "*", {}}};
  EXPECT_TRUE(in_scope(all, effect("SELECT", "public.refunds")));
  EXPECT_FALSE(in_scope(all, effect("SELECT", "pg_catalog.pg_authid")));
  EXPECT_FALSE(in_scope(all, effect("SELECT", "information_schema.tables")));
  EXPECT_TRUE(in_scope({{"*", "pg_catalog", "*", {}}}, effect("SELECT", "pg_catalog.pg_authid")));
}

TEST(Objects, outside_schemas_only_all_of_it_counts) {
  EXPECT_TRUE(in_scope({{"DDL", "public", "*", {}}}, effect("DDL", "public", {}, ObjectKind::schema)));
  EXPECT_FALSE(in_scope({{"DDL", "public", "refunds", {}}}, effect("DDL", "public", {}, ObjectKind::schema)));
  EXPECT_TRUE(in_scope({{"DDL", "*", "*", {}}}, effect("DDL", "shop", {}, ObjectKind::database)));
  EXPECT_FALSE(in_scope({{"DDL", "public", "*", {}}}, effect("DDL", "shop", {}, ObjectKind::database)));
  EXPECT_FALSE(in_scope({{"DDL", "*", "*", {}}}, effect("DDL", "", {}, ObjectKind::schema)));
}

TEST(Objects, a_name_with_a_dot_in_it_must_be_covered_in_each_reading) {
  EXPECT_FALSE(in_scope({{"SELECT", "a", "*", {}}}, effect("SELECT", "a.b.c")));
  EXPECT_TRUE(in_scope({{"SELECT", "*", "*", {}}}, effect("SELECT", "a.b.c")));
  EXPECT_FALSE(in_scope({{"SELECT", "*", "*", {}}}, effect("SELECT", "nodot")));
}

TEST(Objects, a_name_with_a_dot_in_it_is_labelled_in_any_reading) {
  const std::vector<Classified> classified{{"pii", "a", "b.c", {}}, {"secret", "a.b", "c", {"x"}}};
  EXPECT_EQ(labels_of(classified, effect("SELECT", "a.b.c")), Labels{"pii"});
  EXPECT_EQ(labels_of(classified, effect("SELECT", "a.b.c"), "x"), Labels{"secret"});
}

TEST(Objects, labels_come_from_every_pattern_that_fits) {
  const std::vector<Classified> classified{
      {"pii", "*", "*", {"email"}}, {"money", "public", "*", {}}, {"secret", "public", "users", {"email", "hash"}}};
  const auto users = effect("SELECT", "public.users");
  EXPECT_EQ(labels_of(classified, users), Labels{"money"});
  EXPECT_EQ(labels_of(classified, users, "email"), (Labels{"pii", "secret"}));
  EXPECT_EQ(labels_of(classified, users, "id"), Labels{});
  EXPECT_EQ(labelled_columns(classified, users), (Labels{"email", "hash"}));
  EXPECT_EQ(labelled_columns(classified, effect("SELECT", "pg_catalog.pg_user")), Labels{"email"})
      << "labels do not spare the system";
}

TEST(Objects, a_part_touches_what_it_shares_a_column_with) {
  const ScopePart state{"UPDATE", "public", "refunds", {"state"}};
  EXPECT_TRUE(touches(state, effect("UPDATE", "public.refunds", {"note", "state"})));
  EXPECT_TRUE(touches(state, effect("UPDATE", "public.refunds")));
  EXPECT_FALSE(touches(state, effect("UPDATE", "public.refunds", {"note"})));
  EXPECT_FALSE(touches(state, effect("DELETE", "public.refunds")));
}

}  // namespace
}  // namespace narrowgate::policy::testing
