// Tasks and grants, as they were declared and decided, and what became of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grant/grant.h"
#include "grant/task.h"

namespace narrowgate::store {

inline constexpr std::size_t rows_listed_max = 1'000;  // one answer to a listing

struct GrantFilter {
  std::string task, agent, resource;  // empty: any
  bool live_only = false;
  std::size_t limit = 100;  // at most rows_listed_max
};

class Grants {
 public:
  virtual ~Grants() = default;
  // Both are inserts; Code::conflict if the id is taken. A grant's task must be there.
  virtual Result<Done> add(const grant::Task& task) = 0;
  virtual Result<Done> add(const grant::Grant& grant) = 0;
  virtual Result<std::optional<grant::Task>> find_task(std::string_view id) = 0;
  virtual Result<std::optional<grant::Grant>> find_grant(std::string_view id) = 0;
  // Compare and swap: Code::conflict if the state is not `from` any more.
  virtual Result<Done> move(std::string_view task, grant::TaskState from, grant::TaskState to) = 0;
  virtual Result<Done> move(std::string_view grant, grant::GrantState from, grant::GrantState to) = 0;
  // What is used so far; only ever grows.
  virtual Result<Done> used(std::string_view grant, const grant::Budget& used) = 0;
  virtual Result<std::optional<grant::Budget>> used(std::string_view grant) = 0;
  // Newest first.
  virtual Result<std::vector<grant::Task>> tasks(const GrantFilter& filter) = 0;
  virtual Result<std::vector<grant::Grant>> grants(const GrantFilter& filter) = 0;
  // After a restart nothing that was live is: connections do not survive the process. How many were ended.
  virtual Result<std::size_t> end_all_live(WallTime now) = 0;
};

}  // namespace narrowgate::store
