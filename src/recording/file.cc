#include "recording/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace narrowgate::recording {
namespace {

struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash);
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Error file_error(std::string_view did, const std::string& path, int error) {
  const Code code = error == ENOENT ? Code::not_found : error == EEXIST ? Code::conflict : Code::unavailable;
  const bool space = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {code, Blame::gateway,
          fmt::format("{}: cannot {}: {}{}", path, did, std::generic_category().message(error),
                      space ? "; free space on this file system" : "")};
}

Result<File> open_file(const std::string& path, int flags, unsigned mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return file_error("open", path, errno);
  return File(fd);
}

Result<Bytes> read_whole(const std::string& path) {
  NG_TRY(auto file, open_file(path, O_RDONLY));
  struct stat about{};
  if (::fstat(file.fd(), &about) != 0) return file_error("stat", path, errno);
  Bytes bytes(std::size_t(about.st_size));
  std::size_t have = 0;
  while (have < bytes.size()) {
    const auto n = ::pread(file.fd(), bytes.data() + have, bytes.size() - have, off_t(have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path, errno);
    if (n == 0) break;  // truncated meanwhile
    have += std::size_t(n);
  }
  bytes.resize(have);
  return bytes;
}

Result<Done> write_at(int fd, ByteView bytes, std::uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const auto n = ::pwrite(fd, bytes.data(), bytes.size(), off_t(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return file_error("write", path, n < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(std::size_t(n));
    offset += std::uint64_t(n);
  }
  return Done{};
}

Result<Done> replace_file(const std::string& path, std::string_view text, unsigned mode) {
  const std::string next = path + ".next";
  {
    NG_TRY(auto file, open_file(next, O_WRONLY | O_CREAT | O_TRUNC, mode));
    NG_TRY_VOID(write_at(file.fd(), as_bytes(text), 0, next));
    if (::fdatasync(file.fd()) != 0) return file_error("sync", next, errno);
  }
  if (::rename(next.c_str(), path.c_str()) != 0) return file_error("rename to its final name", next, errno);
  return sync_folder(folder_of(path));
}

Result<Done> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return file_error("create folder", path, errno);
  return Done{};
}

Result<Done> sync_folder(const std::string& path) {
  NG_TRY(auto folder, open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.fd()) != 0) return file_error("sync folder", path, errno);
  return Done{};
}

Result<std::vector<std::string>> names_in(const std::string& folder, std::string_view suffix) {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), ::closedir);
  if (!dir) return file_error("list folder", folder, errno);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(dir.get()))
    if (std::string_view(entry->d_name).ends_with(suffix)) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

// Open-file-description locks: they also stop a second recorder in this same process.
Result<FolderLock> FolderLock::take(const std::string& path) {
  NG_TRY(auto file, open_file(path, O_RDWR | O_CREAT));
  auto lock = whole_file(F_WRLCK);
  if (::fcntl(file.fd(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES) return file_error("lock", path, errno);
    auto pid = read_whole(path);
    const std::string who = pid.ok() && !pid->empty() ? fmt::format("process {}", visible(as_text(*pid))) : "another process";
    return Error{Code::conflict, Blame::gateway,
                 fmt::format("{}: {} is already recording here; stop it, or give this gateway a data_dir of its own", path, who)};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(file.fd(), 0) != 0) return file_error("truncate", path, errno);
  NG_TRY_VOID(write_at(file.fd(), as_bytes(pid), 0, path));
  return FolderLock(std::move(file));
}

bool FolderLock::is_held(const std::string& path) {
  auto file = open_file(path, O_RDONLY);
  if (!file.ok()) return false;
  auto lock = whole_file(F_RDLCK);
  return ::fcntl(file->fd(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace narrowgate::recording
