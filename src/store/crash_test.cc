// kill -9 in the middle of writing, again and again: what was answered is there, nothing is half there, and it opens.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/store_testing.h"

namespace narrowgate::store {
namespace {

// Adds approvals and moves each on, telling the number of each that is done, until killed.
[[noreturn]] void write_until_killed(const TestFolder& folder, int first, int told) {
  const auto store = folder.open();
  for (int i = first;; ++i) {
    const auto id = "apr_" + std::to_string(i);
    if (!store->approvals().add(approval_row(id, id), 1'000'000).ok()) ::_exit(1);
    auto row = approval_row(id, id);
    row.state = "approved";
    row.votes = std::string(3'000, 'v');
    if (!store->approvals().replace(row).ok() || ::write(told, &i, sizeof i) != sizeof i) ::_exit(1);
  }
}

// The last number that was told.
int kill_after(const TestFolder& folder, int first, int enough) {
  int told[2];
  NG_CHECK(::pipe(told) == 0);
  const pid_t child = ::fork();
  if (child == 0) write_until_killed(folder, first, told[1]);
  ::close(told[1]);
  int last = first - 1;
  for (int n = 0; n < enough && ::read(told[0], &last, sizeof last) == sizeof last; ++n) {}
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  while (::read(told[0], &last, sizeof last) == sizeof last) {}
  ::close(told[0]);
  return last;
}

TEST(Crash, LosesNothingThatWasAnsweredAndLeavesNothingHalfDone) {
  const TestFolder folder;
  folder.open();
  int done = 0;
  for (int round = 1; round <= 8; ++round) {
    const int before = done;
    done = kill_after(folder, done + 1, 7 * round);
    ASSERT_GE(done, before + 7 * round);
    const auto store = folder.open();
    for (int i = 1; i <= done; ++i) {
      const auto row = store->approvals().find("apr_" + std::to_string(i)).value();
      ASSERT_TRUE(row) << i;
      EXPECT_EQ(row->state, "approved") << i;
      EXPECT_EQ(row->votes.size(), 3'000U) << i;
    }
    auto file = std::move(Connection::open(folder.file(), Connection::Use::read)).take();
    auto check = file.query("PRAGMA integrity_check");
    ASSERT_TRUE(check.step().value());
    EXPECT_EQ(check.text(0), "ok");
    // The one that was cut off may be there whole, pending or approved; the next round takes the number after it.
    if (store->approvals().find("apr_" + std::to_string(done + 1)).value()) {
      auto row = store->approvals().find("apr_" + std::to_string(done + 1)).value().value();
      row.state = "approved";
      row.votes = std::string(3'000, 'v');
      ASSERT_TRUE(store->approvals().replace(row).ok());
      done += 1;
    }
  }
}

}  // namespace
}  // namespace narrowgate::store
