// A slice decides exactly as the whole set: over random policies, facts and operations.
#include <random>

#include "policy/testing.h"

namespace narrowgate::policy::testing {
namespace {

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  const T& of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

 private:
  std::mt19937 random_;
};

const Ids templates{"refund-triage", "nightly", "cleanup"}, agents{"refund-bot", "night-bot"}, groups{"bots", "vips"};
const Ids verbs{"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "LOCK", "CALL", "SET", "DDL", "PRIVILEGE", "COPY", "MERGE"};
const Ids tables{"public.refunds", "public.customers", "public.cards", "audit.log", "odd.na.me"};
const Ids columns{"id", "email", "phone", "state"};

std::string random_policy(Dice& dice, int number) {
  const Ids principals{"principal",
                       "principal is Narrowgate::Task",
                       "principal is Narrowgate::Human",
                       "principal in Narrowgate::TaskTemplate::\"" + dice.of(templates) + "\"",
                       "principal is Narrowgate::Task in Narrowgate::Agent::\"" + dice.of(agents) + "\"",
                       "principal in Narrowgate::AgentGroup::\"" + dice.of(groups) + "\"",
                       "principal == Narrowgate::Task::\"tsk_1\""};
  const Ids actions{"action",
                    "action in Narrowgate::Action::\"sql\"",
                    "action in Narrowgate::Action::\"sql.write\"",
                    "action == Narrowgate::Action::\"sql.select\"",
                    "action == Narrowgate::Action::\"connect\"",
                    "action in [Narrowgate::Action::\"sql.define\", Narrowgate::Action::\"sql.lock\"]",
                    "action == Narrowgate::Action::\"approval.decide\""};
  const Ids resources{"resource",
                      "resource",
                      "resource in Narrowgate::Classification::\"pii\"",
                      "resource in Narrowgate::Schema::\"orders/public\"",
                      "resource is Narrowgate::Table",
                      "resource in Narrowgate::Environment::\"prod\""};
  const auto principal = dice.of(principals), action = dice.of(actions);
  std::string out = "@id(\"p" + std::to_string(number) + "\") " + (dice.one_in(3) ? "forbid" : "permit") + " (" + principal +
                    ", " + action + ", " + dice.of(resources) + ")";
  // Context is only the same for every action of a task, so conditions are for those.
  if (action.find("decide") != std::string::npos || action == "action" || principal.find("Human") != std::string::npos)
    return out + ";\n";
  const Ids conditions{"",
                       " when { context.hasWhere }",
                       " unless { context has approval && context.approval.quorum >= 2 }",
                       " when { context.enforced.maxRowsRead <= 100 }",
                       " unless { context.automatic }",
                       " when { context.enforced.maxRowsRead + 9223372036854770000 > 0 }"};
  return out + dice.of(conditions) + ";\n";
}

// Policies that load; some combinations can never apply, or do not validate.
const Ids& pool() {
  static const Ids all = [] {
    Dice dice(4'711);
    Ids out;
    for (int i = 0; out.size() < 150; ++i)
      if (const auto policy = random_policy(dice, i); load({{"one", policy}}).set) out.push_back(policy);
    return out;
  }();
  return all;
}

std::shared_ptr<const PolicySet> random_set(Dice& dice, std::string more = "") {
  const auto from = dice.below(pool().size() - 40);
  for (std::size_t i = 0; i < 40; ++i) more += pool()[from + i];
  return loaded(std::move(more));
}

GrantFacts random_facts(Dice& dice) {
  auto facts = refund_triage();
  facts.task_template = dice.of(templates);
  facts.agent = dice.of(agents);
  if (dice.one_in(2)) facts.agent_groups = {dice.of(groups)};
  facts.environment = dice.one_in(2) ? "prod" : "dev";
  facts.suspended = dice.one_in(10);
  if (dice.one_in(3)) facts.asked_objects = {{dice.of(verbs), "*", "*", {}}};
  for (int i = 0; i < 3; ++i)
    facts.scope.push_back({dice.one_in(3) ? "*" : dice.of(verbs), dice.one_in(2) ? "*" : "public", "*", {}});
  return facts;
}

Operation random_operation(Dice& dice) {
  const std::vector<Danger> dangers{Danger::read, Danger::session, Danger::write, Danger::ddl, Danger::admin, Danger::unknown};
  const std::vector<ObjectKind> kinds{ObjectKind::table, ObjectKind::table, ObjectKind::table, ObjectKind::function,
                                      ObjectKind::setting};
  Operation out = operation(dice.of(dangers), {}, dice.one_in(2));
  out.classified = !dice.one_in(8);
  for (auto n = dice.below(4); n > 0; --n) {
    Effect one = effect(dice.of(verbs), dice.of(tables), {}, dice.of(kinds));
    for (auto c = dice.below(3); c > 0; --c) one.columns.push_back(dice.of(columns));
    one.catalog = dice.one_in(10);
    out.effects.push_back(std::move(one));
  }
  return out;
}

std::optional<ApprovalFacts> random_approval(Dice& dice) {
  if (dice.one_in(2)) return std::nullopt;
  return agreed(unsigned(dice.below(3)));
}

TEST(Slice, decides_as_the_whole_set) {
  int kinds[3] = {0, 0, 0}, smaller = 0, errors = 0;
  for (unsigned seed = 0; seed < 25; ++seed) {
    Dice dice(seed);
    const auto set = seed == 0 ? defaults() : random_set(dice);
    for (int f = 0; f < 4; ++f) {
      const auto facts = random_facts(dice);
      const auto slice = set->slice(facts), whole = set->whole(facts);
      EXPECT_EQ(slice->connect(noon), whole->connect(noon)) << "seed " << seed;
      smaller += slice->policies_for("sql.select") < set->policies().size();
      for (int i = 0; i < 25; ++i) {
        const auto asked = random_operation(dice);
        const auto enforced = rows(dice.one_in(2) ? 0 : 500, 10);
        const auto approval = random_approval(dice);
        const auto verdict = slice->evaluate(asked, enforced, noon, approval);
        ASSERT_EQ(verdict, whole->evaluate(asked, enforced, noon, approval)) << "seed " << seed;
        ++kinds[int(verdict.kind)];
        errors += !verdict.errors.empty();
      }
    }
  }
  for (const int seen : kinds) EXPECT_GT(seen, 20) << "the cases must reach every answer";
  EXPECT_GT(errors, 20);
  EXPECT_GT(smaller, 50);
}

TEST(Slice, columns_asked_by_label_decide_as_columns_asked_one_by_one) {
  constexpr const char* names_a_column =
      R"(@id("elsewhere") forbid (principal, action == Narrowgate::Action::"sql.select", resource == Narrowgate::Column::"none/of.these.x");)";
  for (unsigned seed = 1; seed < 9; ++seed) {
    Dice first(seed), second(seed);
    const auto by_label = random_set(first), each = random_set(second, names_a_column);
    Dice dice(seed + 1'000);
    const auto facts = random_facts(dice);
    const auto a = by_label->slice(facts), b = each->slice(facts);
    for (int i = 0; i < 50; ++i) {
      const auto asked = random_operation(dice);
      EXPECT_EQ(a->evaluate(asked, rows(50), noon), b->evaluate(asked, rows(50), noon)) << "seed " << seed;
    }
  }
}

TEST(Slice, sees_only_what_can_apply) {
  std::string many;
  for (int i = 0; i < 300; ++i)
    many += "@id(\"t" + std::to_string(i) + "\") permit (principal in Narrowgate::TaskTemplate::\"template-" + std::to_string(i) +
            "\", action in Narrowgate::Action::\"sql.read\", resource);\n";
  auto facts = refund_triage();
  facts.task_template = "template-7";
  const auto slice = loaded(many)->slice(facts);
  EXPECT_EQ(slice->policies_for("sql.select"), 1u);
  EXPECT_EQ(slice->policies_for("sql.update"), 0u);
  EXPECT_EQ(slice->evaluate(select("public.refunds"), rows(1), noon).policies, Ids{"t7"});
}

}  // namespace
}  // namespace narrowgate::policy::testing
