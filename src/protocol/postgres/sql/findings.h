// What reading a body once has shown, kept with the catalog it was read in.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "protocol/postgres/sql/reach.h"

namespace narrowgate::postgres {

inline constexpr std::size_t findings_max = 20'000;  // bodies × search paths; more are read afresh each time

class Findings {
 public:
  std::shared_ptr<const Reach> find(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : found->second;
  }
  void keep(std::string key, std::shared_ptr<const Reach> reach) {
    const std::lock_guard lock(mutex_);
    if (known_.size() < findings_max) known_.insert_or_assign(std::move(key), std::move(reach));
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Reach>> known_;
};

}  // namespace narrowgate::postgres
