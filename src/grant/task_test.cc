#include <gtest/gtest.h>

#include "base/limits.h"
#include "grant/task.h"

namespace narrowgate::grant {
namespace {

using namespace std::chrono_literals;

const WallTime kNoon = from_rfc3339("2026-11-22T12:00:00Z").value();

Scope scope(std::initializer_list<std::pair<std::string_view, std::string_view>> atoms) {
  std::vector<Atom> out;
  for (const auto& [verb, object] : atoms)
    out.push_back({"orders", std::string(verb), ObjectPattern::parse(object).value(), {}, false});
  return Scope(std::move(out));
}
Task parent() {
  Task task;
  task.id = "tsk_parent";
  task.scope = scope({{"SELECT", "public.refunds"}});
  task.state = TaskState::active;
  task.not_after = kNoon + 10min;
  return task;
}

TEST(Effective, IsWhatAllWhoHaveASayAgreeOn) {
  const auto ceiling = scope({{"*", "public.*"}}), declared = scope({{"SELECT", "*.*"}, {"UPDATE", "public.refunds"}}),
             agent = scope({{"SELECT", "*.refunds"}, {"SELECT", "*.orders"}});
  const auto asking = parent();
  TaskInputs in{&declared, &ceiling, &agent, &asking, 0ms, 0ms, kNoon};
  EXPECT_EQ(effective(in)->scope, scope({{"SELECT", "public.refunds"}}));
  in.parent = nullptr;
  EXPECT_EQ(effective(in)->scope, scope({{"SELECT", "public.refunds"}, {"SELECT", "public.orders"}}));
}

TEST(Effective, OfNoDeclarationIsTheTemplateAndOfNoTemplateIsNothing) {
  const auto ceiling = scope({{"SELECT", "public.*"}});
  TaskInputs in{nullptr, &ceiling, nullptr, nullptr, 0ms, 0ms, kNoon};
  EXPECT_EQ(effective(in)->scope, ceiling);
  in.declared = &ceiling;
  in.ceiling = nullptr;
  EXPECT_TRUE(effective(in)->scope.empty());
}

TEST(Effective, LastsTheLeastOfWhatWasAskedGivenAndAllowed) {
  const auto ends = [](std::chrono::milliseconds asked, std::chrono::milliseconds given, const Task* from = nullptr) {
    return effective({nullptr, nullptr, nullptr, from, asked, given, kNoon})->not_after - kNoon;
  };
  EXPECT_EQ(ends(0ms, 0ms), limits::grant_life_default);
  EXPECT_EQ(ends(5min, 1h), 5min);
  EXPECT_EQ(ends(2h, 1h), 1h);
  EXPECT_EQ(ends(0ms, 2h), 2h);
  EXPECT_EQ(ends(100h, 100h), limits::grant_life_max);
  EXPECT_EQ(ends(-1h, 1h), 1h);
  const auto from = parent();
  EXPECT_EQ(ends(0ms, 1h, &from), 10min);
}

TEST(Effective, RefusesAChildOfATaskThatIsNotLiveOrTooDeep) {
  auto from = parent();
  const auto refused = [&] { return effective({nullptr, nullptr, nullptr, &from, 0ms, 0ms, kNoon}).ok() == false; };
  EXPECT_FALSE(refused());
  from.state = TaskState::suspended;
  EXPECT_TRUE(refused());
  from = parent();
  from.not_after = kNoon;
  EXPECT_TRUE(refused());
  from = parent();
  from.depth = task_depth_max;
  EXPECT_TRUE(refused());
}

}  // namespace
}  // namespace narrowgate::grant
