// An operation as questions to Cedar: one per verb and object, one per column that may make a difference, and one for the
// operation as a whole where its effects do not tell all of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/cedar.h"
#include "policy/facts.h"
#include "policy/operation.h"

namespace narrowgate::policy {

inline constexpr std::size_t questions_max = 2'048;  // tens of microseconds each; a statement that needs more is refused

struct Question {
  std::string_view action;  // static
  cedar::Uid resource;
  std::string verb;
  bool in_scope = false, automatic = false, catalog = false, masked = false;
};
struct Questions {
  std::vector<Question> all;           // never empty
  std::vector<cedar::Object> objects;  // what they are about, for Cedar
  bool too_many = false;               // and so incomplete: refuse
};

enum class Columns : std::uint8_t {
  each,      // a question per column: some policy names columns one by one
  by_label,  // one per set of labels: no policy can tell the columns apart otherwise
};
Questions questions_of(const Operation& operation, const GrantFacts& facts, Columns columns);
Question connect_question(const GrantFacts& facts);

// Every action a task on a database may be asked about.
std::span<const std::string_view> database_actions();

}  // namespace narrowgate::policy
