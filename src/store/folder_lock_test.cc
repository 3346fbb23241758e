#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/folder_lock.h"
#include "store/store_testing.h"

namespace narrowgate::store {
namespace {

TEST(FolderLock, ASecondGatewayIsToldWhoHasTheFolder) {
  const TestFolder folder;
  const auto first = FolderLock::take(folder.path());
  ASSERT_TRUE(first.ok());
  const auto second = FolderLock::take(folder.path());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_EQ(second.error().detail, "data folder " + folder.path() + " is in use by process " + std::to_string(::getpid()) +
                                       "; stop that gateway, or give this one another data_dir");
}

TEST(FolderLock, IsFreeAgainWhenItsHolderIsDoneOrKilled) {
  const TestFolder folder;
  { ASSERT_TRUE(FolderLock::take(folder.path()).ok()); }
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FolderLock::take(folder.path());
    if (::write(ready[1], "x", 1) == 1) ::pause();
    ::_exit(lock.ok() ? 0 : 1);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  const auto held = FolderLock::take(folder.path());
  ASSERT_FALSE(held.ok());
  EXPECT_NE(held.error().detail.find("process " + std::to_string(child) + ";"), std::string::npos) << held.error().detail;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FolderLock::take(folder.path()).ok());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FolderLock, MakesTheFolderForItsOwnerOnly) {
  const TestFolder folder;
  const auto inner = folder.path() + "/data";
  ASSERT_TRUE(FolderLock::take(inner).ok());
  struct stat about{};
  ASSERT_EQ(::stat(inner.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
}

TEST(FolderLock, SaysWhatIsWrongWithAFolderItCannotMake) {
  const auto lock = FolderLock::take("/proc/no/such/place");
  ASSERT_FALSE(lock.ok());
  EXPECT_NE(lock.error().detail.find("/proc/no/such/place"), std::string::npos);
}

}  // namespace
}  // namespace narrowgate::store
