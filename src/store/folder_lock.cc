#include "store/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace narrowgate::store {
namespace {

Error failed(const std::string& what, const std::string& path, std::string_view remedy) {
  return {Code::unavailable, Blame::gateway, fmt::format("{} {}: {}; {}", what, path, std::strerror(errno), remedy)};
}

std::string holder(int fd) {
  std::array<char, 32> text{};
  const auto n = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string_view pid(text.data(), n > 0 ? std::size_t(n) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return pid.empty() ? "another process" : fmt::format("process {}", pid);
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return failed("data folder", folder, "create it, or choose another data_dir");
  const auto path = folder + "/narrowgate.lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("lock file", path, "check who owns the data folder");
  FolderLock lock(fd);
  // The kernel lets go of it when the process ends, however it ends; the file stays and says nothing.
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failed("lock file", path, "put the data folder on a local disk");
    return Error{
        Code::conflict, Blame::gateway,
        fmt::format("data folder {} is in use by {}; stop that gateway, or give this one another data_dir", folder, holder(fd))};
  }
  const auto pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != ssize_t(pid.size()))
    return failed("lock file", path, "free some space");
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace narrowgate::store
