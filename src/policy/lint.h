// Lint: policies that validate and likely do not mean what they say.
#pragma once

#include <vector>

#include "policy/library.h"
#include "policy/load.h"

namespace narrowgate::policy {

std::vector<Complaint> lint(const Library& library);

}  // namespace narrowgate::policy
