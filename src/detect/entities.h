// What can be looked for: a name, what it looks like, and how to tell that it is really one.
#pragma once

#include <span>
#include <string_view>

#include "detect/checks.h"

namespace narrowgate::detect {

struct Entity {
  std::string_view name;     // as configuration and masks have it: "credit_card"
  std::string_view pattern;  // Hyperscan's subset of Perl's; may match more than is meant
  Check check;
  std::string_view words;  // for people
};

std::span<const Entity> entities();
const Entity* find_entity(std::string_view name);

}  // namespace narrowgate::detect
