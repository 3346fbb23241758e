// Many at once, over the real store.
#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include "approval/approval_testing.h"
#include "store/store_testing.h"

namespace narrowgate::approval {
namespace {

// Runs `work(i)` on `n` threads that all start together.
template <class Work>
void together(std::ptrdiff_t n, Work work) {
  std::latch start(n);
  std::vector<std::thread> threads;
  for (std::ptrdiff_t i = 0; i < n; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  for (auto& thread : threads) thread.join();
}

struct Race : testing::Test {
  store::TestFolder folder;
  std::unique_ptr<store::Store> store = folder.open();
  FakeClock clock;
  Approvals approvals{store->approvals(), clock};

  Approval ask(unsigned quorum) {
    auto facts = held();
    facts.quorum = quorum;
    return approvals.request(facts).value().approval.value();
  }
};

TEST_F(Race, OfAThousandConsumersExactlyOneExecutes) {
  const auto asked = ask(1);
  ASSERT_TRUE(approvals.approve(asked.id, asked.digest, person("ana"), {}).ok());
  std::atomic<int> executed{0}, used_up{0};
  together(1'000, [&](auto) {
    const auto claim = approvals.claim(asked.id, asked.digest, "grt_1");
    if (claim.ok() && claim->claimed) executed += 1;
    if (claim.ok() && !claim->claimed && claim->failure == ClaimFailure::used_up) used_up += 1;
  });
  EXPECT_EQ(executed, 1);
  EXPECT_EQ(used_up, 999);
}

TEST_F(Race, OfFiftyConsumersOfTenUsesTenExecute) {
  const auto asked = ask(1);
  ASSERT_TRUE(approvals.approve(asked.id, asked.digest, person("ana"), {{Reach::for_task, 10, {}, {}}, ""}).ok());
  std::atomic<int> executed{0};
  together(50, [&](auto) { executed += approvals.claim(asked.id, asked.digest, "grt_1")->claimed ? 1 : 0; });
  EXPECT_EQ(executed, 10);
}

TEST_F(Race, TheSameOperationAskedByManyIsOneApproval) {
  std::mutex mutex;
  std::set<std::string> ids;
  together(20, [&](auto) {
    const auto id = approvals.request(held())->approval->id;
    const std::scoped_lock lock(mutex);
    ids.insert(id);
  });
  EXPECT_EQ(ids.size(), 1U);
}

TEST_F(Race, OnePersonVotingManyTimesAtOnceIsOneVote) {
  const auto asked = ask(2);
  std::atomic<int> counted{0};
  together(20, [&](auto) { counted += approvals.approve(asked.id, asked.digest, person("ana"), {}).ok() ? 1 : 0; });
  EXPECT_EQ(counted, 1);
  EXPECT_EQ(approvals.show(asked.id)->state, State::pending);
}

TEST_F(Race, ManyPeopleVotingAtOnceReachTheQuorumOnce) {
  const auto asked = ask(5);
  std::atomic<int> decided{0};
  const auto subscription = approvals.subscribe(
      [&](const Change& change) { decided += change.from == State::pending && change.to == State::approved; });
  together(12, [&](auto i) { (void)approvals.approve(asked.id, asked.digest, person("p" + std::to_string(i)), {}); });
  EXPECT_EQ(decided, 1);
  EXPECT_EQ(approvals.show(asked.id)->agreed(), 5U);
}

TEST_F(Race, AnApprovalOrADenialButNotBoth) {
  for (int round = 0; round < 10; ++round) {
    auto facts = held("SELECT " + std::to_string(round));
    const auto asked = approvals.request(facts).value().approval.value();
    std::atomic<int> won{0};
    together(2, [&](auto i) {
      won += i == 0 ? approvals.approve(asked.id, asked.digest, person("ana"), {}).ok()
                    : approvals.deny(asked.id, asked.digest, person("raj"), {}).ok();
    });
    EXPECT_EQ(won, 1);
  }
}

TEST_F(Race, SubscribersComeAndGoWhileThingsChange) {
  std::atomic<bool> over{false};
  std::atomic<int> heard{0};
  std::thread coming_and_going([&] {
    while (!over) {
      std::atomic<bool> here{true};
      const auto subscription = approvals.subscribe([&](const Change&) {
        EXPECT_TRUE(here);
        heard += 1;
      });
      std::this_thread::yield();
    }
  });
  for (int i = 0; i < 50 || heard == 0; ++i) ASSERT_TRUE(approvals.request(held("SELECT " + std::to_string(i)))->approval);
  over = true;
  coming_and_going.join();
}

}  // namespace
}  // namespace narrowgate::approval
