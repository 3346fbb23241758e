#include "policy/effects.h"

#include <gmock/gmock.h>

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

// "sql.select Table orders/public.refunds", with what is false about it.
std::vector<std::string> asked(const Operation& operation, Columns columns = Columns::each, GrantFacts facts = refund_triage()) {
  std::vector<std::string> out;
  for (const auto& question : questions_of(operation, facts, columns).all) {
    auto line = std::string(question.action) + " " + std::string(question.resource.type.substr(sizeof("Narrowgate::") - 1)) +
                " " + question.resource.id;
    if (!question.in_scope) line += " !scope";
    if (!question.automatic) line += " !automatic";
    out.push_back(line);
  }
  return out;
}

TEST(Effects, become_a_question_per_object_and_per_column) {
  EXPECT_EQ(asked(select("public.refunds", {"id", "state"})),
            (Ids{"sql.select Column orders/public.refunds.id", "sql.select Column orders/public.refunds.state",
                 "sql.select Table orders/public.refunds"}));
}

TEST(Effects, columns_that_no_policy_can_tell_apart_share_a_question) {
  EXPECT_EQ(asked(select("public.customers", {"email", "id", "name", "phone"}), Columns::by_label),
            (Ids{"sql.select Column orders/public.customers.email", "sql.select Column orders/public.customers.id",
                 "sql.select Table orders/public.customers"}));
}

TEST(Effects, every_column_means_every_labelled_column) {
  EXPECT_EQ(asked(select("public.customers")),
            (Ids{"sql.select Column orders/public.customers.email", "sql.select Column orders/public.customers.phone",
                 "sql.select Table orders/public.customers"}));
}

TEST(Effects, asked_twice_become_the_stricter_question) {
  auto facts = refund_triage();
  facts.scope = {{"SELECT", "public", "refunds", {"id"}}};
  const auto twice =
      operation(Danger::read, {effect("SELECT", "public.refunds", {"id"}), effect("SELECT", "public.refunds", {"secret"})});
  EXPECT_EQ(asked(twice, Columns::by_label, facts),
            (Ids{"sql.select Column orders/public.refunds.id", "sql.select Column orders/public.refunds.secret !scope",
                 "sql.select Table orders/public.refunds !scope"}));
}

TEST(Effects, what_they_do_not_explain_is_asked_as_a_whole) {
  using ::testing::Contains;
  EXPECT_EQ(asked(operation(Danger::read, {})), Ids{"sql.none Database orders"});
  EXPECT_EQ(asked(operation(Danger::session, {})), Ids{"sql.none Database orders"});
  EXPECT_EQ(asked(operation(Danger::write, {})), Ids{"sql.unknown Database orders"});
  EXPECT_THAT(asked(operation(Danger::unknown, {effect("SELECT", "public.refunds")})), Contains("sql.unknown Database orders"));
  EXPECT_THAT(asked(operation(Danger::write, {effect("SELECT", "public.refunds")})), Contains("sql.unknown Database orders"));
  EXPECT_THAT(asked(operation(Danger::ddl, {effect("UPDATE", "public.refunds")})), Contains("sql.unknown Database orders"));
  EXPECT_THAT(asked(operation(Danger::admin, {effect("SELECT", "public.refunds")})), Contains("sql.admin Database orders"));
  EXPECT_EQ(asked(operation(Danger::admin, {})), Ids{"sql.admin Database orders"});
  EXPECT_EQ(asked(operation(Danger::admin, {effect("PRIVILEGE", "public.refunds")})),
            Ids{"sql.privilege Table orders/public.refunds"});
}

TEST(Effects, a_verb_or_kind_we_do_not_know_is_unknown) {
  EXPECT_EQ(asked(operation(Danger::write, {effect("MERGE", "public.refunds")})), Ids{"sql.unknown Database orders"});
  EXPECT_EQ(asked(operation(Danger::read, {effect("SELECT", "public.f", {}, ObjectKind::function)})),
            Ids{"sql.unknown Database orders"});
  EXPECT_EQ(asked(operation(Danger::read, {effect("select", "public.refunds")})), Ids{"sql.unknown Database orders"});
}

TEST(Effects, on_schemas_databases_and_settings_are_named_as_such) {
  EXPECT_EQ(asked(operation(Danger::ddl, {effect("DDL", "public", {}, ObjectKind::schema)})),
            Ids{"sql.ddl Schema orders/public !scope"});
  EXPECT_EQ(asked(operation(Danger::ddl, {effect("DDL", "shop", {}, ObjectKind::database)})),
            Ids{"sql.ddl Database orders !scope"});
  EXPECT_EQ(asked(operation(Danger::session, {effect("SET", "work_mem", {}, ObjectKind::setting)})),
            Ids{"sql.set Setting orders/work_mem"});
}

TEST(Effects, every_question_is_one_that_slices_are_made_for) {
  const auto known = database_actions();
  for (const auto* verb :
       {"SELECT", "LOCK", "SET", "INSERT", "UPDATE", "DELETE", "COPY", "CALL", "TRUNCATE", "DDL", "PRIVILEGE", "OTHER"})
    for (const auto kind :
         {ObjectKind::table, ObjectKind::function, ObjectKind::schema, ObjectKind::database, ObjectKind::setting})
      for (const auto danger : {Danger::read, Danger::session, Danger::write, Danger::ddl, Danger::admin, Danger::unknown})
        for (const auto& question :
             questions_of(operation(danger, {effect(verb, "a.b", {}, kind)}), refund_triage(), Columns::each).all)
          EXPECT_NE(std::find(known.begin(), known.end(), question.action), known.end()) << question.action;
}

TEST(Effects, are_never_without_a_question) {
  for (const auto danger : {Danger::read, Danger::session, Danger::write, Danger::ddl, Danger::admin, Danger::unknown})
    EXPECT_FALSE(questions_of(operation(danger, {}), refund_triage(), Columns::each).all.empty());
}

}  // namespace
}  // namespace narrowgate::policy::testing
