// The built-in policies, told as the stories they are for.
#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

Verdict judge(const Operation& operation, const Enforced& enforced = rows(500, 10), GrantFacts facts = refund_triage()) {
  return defaults()->slice(std::move(facts))->evaluate(operation, enforced, noon);
}
GrantFacts in_dev() {
  auto facts = refund_triage();
  facts.environment = "dev";
  return facts;
}
GrantFacts asked_for(std::string verb) {
  auto facts = refund_triage();
  facts.asked_objects = {{std::move(verb), "*", "*", {}}};
  return facts;
}

TEST(Defaults, load_without_an_error_and_without_a_warning) {
  const auto result = load_defaults();
  EXPECT_EQ(to_string(result.errors), "");
  EXPECT_EQ(to_string(result.warnings), "");
}

TEST(Defaults, reads_in_scope_pass) {
  const auto verdict = judge(select("public.refunds", {"id", "state"}));
  EXPECT_EQ(verdict.kind, permit);
  EXPECT_EQ(verdict.policies, Ids{"reads"});
  EXPECT_EQ(judge(select("public.customers", {"id", "name"})).kind, permit);
}

TEST(Defaults, a_column_of_personal_data_waits_for_one_person_of_the_resource) {
  const auto verdict = judge(select("public.customers", {"email", "id"}));
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.quorum, 1u);
  EXPECT_EQ(verdict.groups, Ids{"orders-oncall"});
  EXPECT_EQ(verdict.reason, "reads personal data");
  EXPECT_EQ(verdict.policies, Ids{"pii"});
  EXPECT_FALSE(verdict.for_task);
}

TEST(Defaults, every_column_includes_those_with_personal_data) {
  EXPECT_EQ(judge(select("public.customers")).kind, hold);
  EXPECT_EQ(judge(select("public.refunds")).kind, permit);
}

TEST(Defaults, reads_that_the_template_wants_asked_wait) {
  const auto verdict = judge(select("public.refunds"), rows(500), asked_for("SELECT"));
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.policies, Ids{"reads-asked"});
}

TEST(Defaults, small_keyed_writes_pass_if_the_template_says_so) {
  EXPECT_EQ(judge(update("public.refunds", {"state"})).kind, permit);
  EXPECT_EQ(judge(update("public.refunds", {"state"}), rows(500, 10), asked_for("UPDATE")).kind, hold);
  auto by_object = refund_triage();
  by_object.asked_objects = {{"UPDATE", "public", "refunds", {"state"}}};
  EXPECT_EQ(judge(update("public.refunds", {"state"}), rows(500, 10), by_object).kind, hold);
  EXPECT_EQ(judge(update("public.refunds", {"note"}), rows(500, 10), by_object).kind, permit);
  EXPECT_EQ(judge(update("public.refunds"), rows(500, 10), by_object).kind, hold) << "every column includes that one";
}

TEST(Defaults, larger_or_unkeyed_or_unlimited_writes_wait) {
  EXPECT_EQ(judge(update("public.refunds"), rows(500, 11)).kind, hold);
  EXPECT_EQ(judge(update("public.refunds"), rows(500, 0)).kind, hold) << "0 is no limit";
  const auto without_where = operation(Danger::write, {effect("UPDATE", "public.refunds")});
  EXPECT_EQ(judge(without_where).kind, hold);
  EXPECT_EQ(judge(without_where).policies, Ids{"writes-asked"});
}

TEST(Defaults, an_insert_needs_no_where_to_be_small) {
  auto facts = refund_triage();
  facts.scope.push_back({"INSERT", "public", "refunds", {}});
  const auto insert = operation(Danger::write, {effect("INSERT", "public.refunds")});
  EXPECT_EQ(judge(insert, rows(0, 1), facts).kind, permit);
  EXPECT_EQ(judge(insert, rows(0, 11), facts).kind, hold);
}

TEST(Defaults, a_write_that_also_reads_personal_data_is_held_for_both) {
  const auto verdict =
      judge(operation(Danger::write, {effect("DELETE", "public.refunds"), effect("SELECT", "public.customers", {"email"})}));
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.policies, (Ids{"writes-asked", "pii"}));
  EXPECT_EQ(verdict.reason, "changes data; reads personal data");
}

TEST(Defaults, definitions_need_two_people_outside_dev) {
  for (const auto& [danger, verb] : {std::pair{Danger::ddl, "DDL"}, {Danger::write, "TRUNCATE"}, {Danger::admin, "PRIVILEGE"}}) {
    const auto verdict = judge(operation(danger, {effect(verb, "public.refunds")}));
    EXPECT_EQ(verdict.kind, hold) << verb;
    EXPECT_EQ(verdict.quorum, 2u) << verb;
    EXPECT_EQ(verdict.policies, Ids{"definitions-two-people"}) << verb;
  }
}

TEST(Defaults, definitions_in_dev_pass_or_need_one) {
  const auto truncate = operation(Danger::write, {effect("TRUNCATE", "public.refunds")});
  EXPECT_EQ(judge(truncate, rows(0), in_dev()).kind, permit);
  auto facts = in_dev();
  facts.asked_objects = {{"TRUNCATE", "*", "*", {}}};
  const auto verdict = judge(truncate, rows(0), facts);
  EXPECT_EQ(verdict.kind, hold);
  EXPECT_EQ(verdict.quorum, 1u);
}

TEST(Defaults, administration_and_what_is_not_understood_never_pass) {
  const auto reads_file = operation(Danger::admin, {effect("CALL", "pg_catalog.pg_read_file", {}, ObjectKind::function)});
  EXPECT_EQ(judge(reads_file).kind, deny);
  EXPECT_EQ(judge(reads_file, rows(1), in_dev()).kind, deny);
  EXPECT_EQ(judge(operation(Danger::admin, {})).policies, Ids{"no-administration"});

  auto unclassified = select("public.refunds");
  unclassified.classified = false;
  const auto verdict = judge(unclassified);
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.code, DenialCode::unclassified);
  EXPECT_NE(verdict.advice, "");
  EXPECT_EQ(judge(operation(Danger::unknown, {})).code, DenialCode::unclassified);
}

TEST(Defaults, a_change_of_privileges_beside_other_administration_never_passes) {
  const auto both = operation(Danger::admin, {effect("PRIVILEGE", "public.refunds"),
                                              effect("CALL", "pg_catalog.pg_reload_conf", {}, ObjectKind::function)});
  EXPECT_EQ(judge(both).kind, deny);
}

TEST(Defaults, what_concerns_only_the_session_passes) {
  EXPECT_EQ(judge(operation(Danger::session, {})).kind, permit) << "BEGIN";
  EXPECT_EQ(judge(operation(Danger::read, {})).kind, permit) << "SELECT 1";
  EXPECT_EQ(judge(operation(Danger::session, {effect("SET", "statement_timeout", {}, ObjectKind::setting)})).kind, permit);
  EXPECT_EQ(
      judge(operation(Danger::write,
                      {effect("SET", "statement_timeout", {}, ObjectKind::setting), effect("UPDATE", "public.refunds")}, true))
          .kind,
      permit);
  EXPECT_EQ(judge(operation(Danger::admin, {effect("SET", "role", {}, ObjectKind::setting)})).kind, deny);
}

TEST(Defaults, harmless_catalogs_are_open_to_every_session) {
  auto catalog = select("pg_catalog.pg_class");
  EXPECT_EQ(judge(catalog).code, DenialCode::scope_denied);
  catalog.effects[0].catalog = true;
  EXPECT_EQ(judge(catalog).kind, permit);
}

TEST(Defaults, outside_the_scope_no_approval_helps) {
  const auto verdict = judge(select("public.orders"));
  EXPECT_EQ(verdict.kind, deny);
  EXPECT_EQ(verdict.code, DenialCode::scope_denied);
  EXPECT_EQ(verdict.policies, Ids{"scope"});
  EXPECT_EQ(judge(operation(Danger::write, {effect("INSERT", "public.refunds")})).code, DenialCode::scope_denied);
  EXPECT_EQ(judge(operation(Danger::read, {effect("SELECT", "public.refunds"), effect("SELECT", "public.orders")})).kind, deny)
      << "all of it or nothing";
}

TEST(Defaults, an_ended_task_and_a_suspended_agent_get_nothing) {
  const auto slice = defaults()->slice(refund_triage());
  EXPECT_EQ(slice->evaluate(select("public.refunds"), rows(1), at("2026-11-22T12:59:59.999Z")).kind, permit);
  const auto ended = slice->evaluate(select("public.refunds"), rows(1), at("2026-11-22T13:00:00Z"));
  EXPECT_EQ(ended.kind, deny);
  EXPECT_EQ(ended.code, DenialCode::expired);
  auto facts = refund_triage();
  facts.suspended = true;
  EXPECT_EQ(judge(select("public.refunds"), rows(1), facts).code, DenialCode::suspended);
  EXPECT_EQ(defaults()->slice(facts)->connect(noon).kind, deny);
}

TEST(Defaults, functions_in_scope_pass_while_they_only_read) {
  auto facts = refund_triage();
  facts.scope.push_back({"CALL", "public", "refund_total", {}});
  const Effect call = effect("CALL", "public.refund_total", {}, ObjectKind::function);
  EXPECT_EQ(judge(operation(Danger::read, {call}), rows(1), facts).kind, permit);
  EXPECT_EQ(judge(operation(Danger::write, {call}), rows(1, 1), facts).kind, hold);
}

}  // namespace
}  // namespace narrowgate::policy::testing
