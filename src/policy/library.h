// A loaded policy set, as the engine holds it: Cedar's handle and what each policy says about itself.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "policy/cedar.h"
#include "policy/effects.h"
#include "policy/engine.h"

namespace narrowgate::policy {

// A policy's annotations, read once.
struct Marks {
  bool approval = false;                         // has @approval
  std::vector<std::string> groups;               // of @approval, without "group:"
  unsigned quorum = 0;                           // @approval_quorum
  std::optional<std::chrono::milliseconds> ttl;  // @approval_ttl
  bool for_task = false;                         // @approval_scope names "task"
  std::string reason, advice;
};
// Errors: a value that is none. Names the annotation and the remedy.
Result<Marks> read_marks(const PolicyInfo& policy);

struct Library {
  cedar::Set set;
  std::string version;
  std::vector<PolicyInfo> policies;
  std::vector<Marks> marks;  // beside `policies`
  Columns columns = Columns::each;
};

}  // namespace narrowgate::policy
