#include "masking/key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace narrowgate::masking {
namespace {

constexpr std::size_t kKeyBytes = 32;

Error cannot(const char* what, const std::string& path) {
  return Error{Code::unavailable, Blame::gateway, fmt::format("{}: cannot be {}: {}", path, what, std::strerror(errno))};
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int operator*() const { return number_; }

 private:
  const int number_;
};

Result<Key> made(const std::string& path) {
  Bytes bytes(kKeyBytes);
  random_bytes(bytes);
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (*file < 0) return cannot("made", path);
  if (::write(*file, bytes.data(), bytes.size()) != ssize_t(bytes.size()) || ::fsync(*file) != 0) {
    const Error error = cannot("written", path);
    ::unlink(path.c_str());
    return error;
  }
  return Key(std::move(bytes));
}

}  // namespace

Result<Key> own_key(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (*file < 0 && errno == ENOENT) return made(path);
  if (*file < 0) return cannot("read", path);
  Bytes bytes(kKeyBytes + 1);
  const ssize_t read = ::read(*file, bytes.data(), bytes.size());
  if (read < 0) return cannot("read", path);
  if (read != ssize_t(kKeyBytes))
    return Error{
        Code::malformed, Blame::gateway,
        fmt::format("{}: is not a key of {} bytes; put the old one back, or remove it to get new tokens", path, kKeyBytes)};
  bytes.resize(kKeyBytes);
  return Key(std::move(bytes));
}

}  // namespace narrowgate::masking
