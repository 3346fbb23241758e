// Runs one command and waits for it, with an environment of our making and a secret in a file that goes when the command does.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace narrowgate::cli {

// A file only we can read (0600), removed with the value.
class SecretFile {
 public:
  static Result<SecretFile> create(const SecretString& text);
  SecretFile(SecretFile&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  SecretFile& operator=(SecretFile&&) = delete;
  ~SecretFile();
  const std::string& path() const { return path_; }

 private:
  explicit SecretFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// → the command's exit status, 128 + the signal that ended it, 127 if there is no such command. Signals to us are passed on to
// it, and we outlive it, so that what we made for it can be removed.
int run_child(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment);

}  // namespace narrowgate::cli
