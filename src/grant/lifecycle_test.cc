// Both state machines, walked through exhaustively.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>

#include "grant/lifecycle.h"

namespace narrowgate::grant {
namespace {

constexpr int kTaskStates = int(TaskState::revoked) + 1, kTaskEvents = int(TaskEvent::revoke) + 1;
constexpr int kGrantStates = int(GrantState::closed) + 1, kGrantEvents = int(GrantEvent::close) + 1;

// Every state that can be reached from `start`, breadth first.
template <class Event, class State>
std::set<State> reachable(State start, int events) {
  std::set<State> seen{start};
  for (std::deque<State> open{start}; !open.empty(); open.pop_front())
    for (int e = 0; e < events; ++e)
      if (const auto to = next(open.front(), Event(e)); to && seen.insert(*to).second) open.push_back(*to);
  return seen;
}
template <class Event, class State>
bool has_way_out(State state, int events) {
  return reachable<Event>(state, events).size() > 1;
}

TEST(TaskLifecycle, EveryStateIsReachedAndExactlyTheFinalOnesHaveNoWayOut) {
  EXPECT_EQ(reachable<TaskEvent>(TaskState::declared, kTaskEvents).size(), std::size_t(kTaskStates));
  for (int s = 0; s < kTaskStates; ++s)
    EXPECT_EQ(has_way_out<TaskEvent>(TaskState(s), kTaskEvents), !is_final(TaskState(s))) << to_string(TaskState(s));
}

TEST(GrantLifecycle, EveryStateIsReachedAndExactlyTheFinalOnesHaveNoWayOut) {
  EXPECT_EQ(reachable<GrantEvent>(GrantState::requested, kGrantEvents).size(), std::size_t(kGrantStates));
  for (int s = 0; s < kGrantStates; ++s)
    EXPECT_EQ(has_way_out<GrantEvent>(GrantState(s), kGrantEvents), !is_final(GrantState(s))) << to_string(GrantState(s));
}

TEST(Lifecycle, WhateverLivesCanBeRevokedAndCanExpire) {
  for (int s = 0; s < kTaskStates; ++s)
    if (!is_final(TaskState(s))) {
      EXPECT_EQ(next(TaskState(s), TaskEvent::revoke), TaskState::revoked);
      EXPECT_EQ(next(TaskState(s), TaskEvent::expire), TaskState::expired);
    }
  for (int s = 0; s < kGrantStates; ++s)
    if (!is_final(GrantState(s))) {
      EXPECT_EQ(next(GrantState(s), GrantEvent::revoke), GrantState::revoked);
      EXPECT_EQ(next(GrantState(s), GrantEvent::expire), GrantState::expired);
    }
}

TEST(Lifecycle, AnOperationMayStartOnlyWhenBothAreActive) {
  for (int t = 0; t < kTaskStates; ++t)
    for (int g = 0; g < kGrantStates; ++g)
      EXPECT_EQ(may_operate(TaskState(t), GrantState(g)),
                TaskState(t) == TaskState::active && GrantState(g) == GrantState::active);
}

TEST(GrantLifecycle, OnlyNarrowingApprovalAndResumingMakeAGrantActive) {
  const std::map<GrantEvent, GrantState> ways = {{GrantEvent::narrowed_auto, GrantState::requested},
                                                 {GrantEvent::approved, GrantState::pending},
                                                 {GrantEvent::resume, GrantState::suspended}};
  for (int s = 0; s < kGrantStates; ++s)
    for (int e = 0; e < kGrantEvents; ++e)
      if (next(GrantState(s), GrantEvent(e)) == GrantState::active) {
        const auto way = ways.find(GrantEvent(e));
        ASSERT_NE(way, ways.end()) << to_string(GrantEvent(e));
        EXPECT_EQ(way->second, GrantState(s));
      }
}

TEST(Lifecycle, NoPairOfStateAndEventIsInATableTwice) {
  std::set<std::pair<TaskState, TaskEvent>> tasks;
  for (const auto& row : task_transitions()) EXPECT_TRUE(tasks.insert({row.from, row.event}).second) << to_string(row.event);
  std::set<std::pair<GrantState, GrantEvent>> grants;
  for (const auto& row : grant_transitions()) EXPECT_TRUE(grants.insert({row.from, row.event}).second) << to_string(row.event);
}

TEST(Lifecycle, EveryStateHasANameThatReadsBack) {
  for (int s = 0; s < kTaskStates; ++s) EXPECT_EQ(task_state_from(to_string(TaskState(s))).value(), TaskState(s));
  for (int s = 0; s < kGrantStates; ++s) EXPECT_EQ(grant_state_from(to_string(GrantState(s))).value(), GrantState(s));
  EXPECT_FALSE(grant_state_from("extended").ok());
}

}  // namespace
}  // namespace narrowgate::grant
