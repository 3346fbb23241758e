#include "cli/child.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace narrowgate::cli {
namespace {

constexpr int kNoSuchCommand = 127, kCannotRun = 126, kSignalled = 128;  // as shells have it

sigset_t passed_on() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD}) sigaddset(&set, signal);
  return set;
}

[[noreturn]] void become(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                         const sigset_t& mask) {
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  std::vector<std::string> entries;
  for (const auto& [name, value] : environment) entries.push_back(name + "=" + value);
  std::vector<char*> arguments, variables;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  for (const std::string& entry : entries) variables.push_back(const_cast<char*>(entry.c_str()));
  arguments.push_back(nullptr), variables.push_back(nullptr);
  execvpe(arguments[0], arguments.data(), variables.data());
  const int why = errno;
  std::fprintf(stderr, "narrowgate: %s cannot be run: %s\n", arguments[0], std::strerror(why));
  _exit(why == ENOENT ? kNoSuchCommand : kCannotRun);
}

int wait_for(pid_t child, const sigset_t& signals) {
  for (;;) {
    siginfo_t info{};
    const int signal = sigwaitinfo(&signals, &info);
    // What the terminal sends, it sends to the command too.
    if (signal > 0 && signal != SIGCHLD && info.si_code != SI_KERNEL) kill(child, signal);
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) continue;
    return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

}  // namespace

Result<SecretFile> SecretFile::create(const SecretString& text) {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  const char* temporary = std::getenv("TMPDIR");
  // In memory where there is such a folder; the next one if it cannot be written.
  for (const char* folder : {runtime, temporary, "/tmp"}) {
    if (folder == nullptr) continue;
    std::string path = fmt::format("{}/narrowgate-XXXXXX", folder);
    const int fd = mkostemp(path.data(), 0);  // 0600
    if (fd < 0) continue;
    SecretFile file(std::move(path));
    const bool written = ::write(fd, text.expose().data(), text.expose().size()) == ssize_t(text.expose().size());
    if (::close(fd) == 0 && written) return file;
  }
  return Error{Code::unavailable, Blame::gateway,
               fmt::format("no file for the key can be made in XDG_RUNTIME_DIR, TMPDIR or /tmp: {}", std::strerror(errno))};
}

SecretFile::~SecretFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

int run_child(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment) {
  const sigset_t signals = passed_on();
  sigset_t before;
  sigprocmask(SIG_BLOCK, &signals, &before);
  const pid_t child = fork();
  if (child == 0) become(command, environment, before);
  const int status = child > 0 ? wait_for(child, signals) : kCannotRun;
  if (child < 0) std::fprintf(stderr, "narrowgate: no process can be made: %s\n", std::strerror(errno));
  sigprocmask(SIG_SETMASK, &before, nullptr);
  return status;
}

}  // namespace narrowgate::cli
