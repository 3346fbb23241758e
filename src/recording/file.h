// Files as a log needs them: whole reads, atomic replacement, synced folders, every failure an Error that names the path.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace narrowgate::recording {

// An open file, closed when this goes.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept { return std::swap(fd_, other.fd_), *this; }
  ~File();
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// unavailable for no space and I/O trouble, not_found for ENOENT, conflict for EEXIST.
Error file_error(std::string_view did, const std::string& path, int error);

Result<File> open_file(const std::string& path, int flags, unsigned mode = 0600);
Result<Bytes> read_whole(const std::string& path);
Result<Done> write_at(int fd, ByteView bytes, std::uint64_t offset, const std::string& path);
// Readers see the old bytes or the new ones; synced before it returns.
Result<Done> replace_file(const std::string& path, std::string_view text, unsigned mode);
Result<Done> make_folder(const std::string& path);  // mode 0700; fine if it is there
Result<Done> sync_folder(const std::string& path);
// Names in `folder` that end so, sorted.
Result<std::vector<std::string>> names_in(const std::string& folder, std::string_view suffix);

// The whole-folder lock. Held until this goes, or the process dies.
class FolderLock {
 public:
  FolderLock() = default;
  static Result<FolderLock> take(const std::string& path);
  // Is somebody holding it? Takes nothing.
  static bool is_held(const std::string& path);

 private:
  explicit FolderLock(File file) : file_(std::move(file)) {}
  File file_;
};

}  // namespace narrowgate::recording
