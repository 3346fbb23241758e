// What is remembered about agents besides the configuration: who was suspended, by whom and why.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace narrowgate::store {

struct Suspension {
  std::string agent;
  std::string by, reason;
  WallTime since;
  friend bool operator==(const Suspension&, const Suspension&) = default;
};

class Agents {
 public:
  virtual ~Agents() = default;
  virtual Result<Done> suspend(const Suspension& suspension) = 0;  // an earlier one stands
  virtual Result<bool> restore(std::string_view agent) = 0;        // false: was not suspended
  virtual Result<std::optional<Suspension>> suspension(std::string_view agent) = 0;
  virtual Result<std::vector<Suspension>> suspended() = 0;  // by name
};

}  // namespace narrowgate::store
