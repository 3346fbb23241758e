#include <gtest/gtest.h>

#include <deque>
#include <set>

#include "approval/state.h"

namespace narrowgate::approval {
namespace {

constexpr int kStates = int(State::mismatch) + 1, kEvents = int(Event::revoke) + 1;

TEST(ApprovalState, EveryStateIsReachedFromPending) {
  std::set<State> seen{State::pending};
  for (std::deque<State> open{State::pending}; !open.empty(); open.pop_front())
    for (int e = 0; e < kEvents; ++e)
      if (const auto to = next(open.front(), Event(e)); to && seen.insert(*to).second) open.push_back(*to);
  EXPECT_EQ(seen.size(), std::size_t(kStates));
}

TEST(ApprovalState, NothingLeadsOutOfAFinalState) {
  for (int s = 0; s < kStates; ++s)
    for (int e = 0; e < kEvents; ++e)
      EXPECT_FALSE(is_final(State(s)) && next(State(s), Event(e))) << to_string(State(s)) << " " << to_string(Event(e));
}

TEST(ApprovalState, OnlyAQuorumApprovesAndOnlyAClaimOfSomethingApprovedConsumes) {
  for (int s = 0; s < kStates; ++s)
    for (int e = 0; e < kEvents; ++e) {
      const auto to = next(State(s), Event(e));
      const bool approves = to == State::approved && State(s) != State::approved, consumes = to == State::consumed;
      EXPECT_EQ(approves, State(s) == State::pending && Event(e) == Event::quorum);
      EXPECT_EQ(consumes, State(s) == State::approved && Event(e) == Event::claim_last);
    }
}

TEST(ApprovalState, WhateverLivesCanEndByTimeOrCommand) {
  for (const State state : {State::pending, State::approved})
    for (const Event event : {Event::expire, Event::revoke, Event::withdraw}) EXPECT_TRUE(is_final(next(state, event).value()));
}

TEST(ApprovalState, HasANameThatReadsBack) {
  for (int s = 0; s < kStates; ++s) EXPECT_EQ(state_from(to_string(State(s))).value(), State(s));
  EXPECT_FALSE(state_from("executed").ok());
}

}  // namespace
}  // namespace narrowgate::approval
