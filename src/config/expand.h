// ${NAME} and ${NAME:-default} inside values. $${ is a plain ${.
#pragma once

#include "config/load.h"
#include "config/node.h"

namespace narrowgate::config {

inline constexpr std::size_t value_bytes_max = 64 * 1024;  // of one value, after expansion

// Expands every scalar under `node` in place. Faults are added to `complaints`, named by `path`, and leave the scalar empty.
void expand_variables(Node& node, const std::string& path, const Environment& environment, std::vector<Complaint>& complaints);

}  // namespace narrowgate::config
