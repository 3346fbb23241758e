// FolderLock: one gateway per data folder. Held from before the store opens until the process ends, however it ends.
#pragma once

#include <string>

#include "base/result.h"

namespace narrowgate::store {

class FolderLock {
 public:
  // Creates the folder (mode 0700) where it is not. Code::conflict names the process that has it.
  static Result<FolderLock> take(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace narrowgate::store
