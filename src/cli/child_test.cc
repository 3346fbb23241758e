#include "cli/child.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace narrowgate::cli {
namespace {

std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(SecretFile, CanBeReadByItsOwnerOnlyAndGoesWithItsValue) {
  std::string path;
  {
    const auto file = SecretFile::create(SecretString("ngk_secret\n"));
    ASSERT_TRUE(file.ok());
    path = file->path();
    struct stat facts{};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_EQ(contents(path), "ngk_secret\n");
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(Child, AnswersWithTheCommandsOwnStatus) {
  EXPECT_EQ(run_child({"/bin/sh", "-c", "exit 7"}, {}), 7);
  EXPECT_EQ(run_child({"/bin/sh", "-c", "exit 0"}, {}), 0);
}

TEST(Child, AnswersWithTheSignalThatEndedTheCommand) { EXPECT_EQ(run_child({"/bin/sh", "-c", "kill -9 $$"}, {}), 128 + SIGKILL); }

TEST(Child, SaysThatThereIsNoSuchCommand) { EXPECT_EQ(run_child({"/no/such/command"}, {}), 127); }

TEST(Child, SeesTheEnvironmentItWasGivenAndNoOther) {
  setenv("CHILD_TEST_LEAK", "1", 1);
  EXPECT_EQ(run_child({"/bin/sh", "-c", "test \"$GIVEN\" = yes && test -z \"$CHILD_TEST_LEAK\""}, {{"GIVEN", "yes"}}), 0);
}

TEST(Child, GetsTheSignalsThatWeGet) {
  // The command signals us, its parent; we hand it back, and it answers with a status of its own.
  EXPECT_EQ(run_child({"/bin/sh", "-c", "trap 'exit 9' TERM; kill -TERM $PPID; while :; do sleep 0.05; done"},
                      {{"PATH", "/usr/bin:/bin"}}),
            9);
}

}  // namespace
}  // namespace narrowgate::cli
