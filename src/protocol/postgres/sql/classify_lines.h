// `narrowgate classify postgres`: JSON Lines in, JSON Lines out. The same code as the data path, as a tool.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>

#include "base/result.h"
#include "protocol/postgres/sql/catalog.h"

namespace narrowgate::postgres {

// Reads {"id","sql"} per line, each as the first statement of a new session; writes one line for each:
// {"id","class","reads":[…],"writes":[…],"verbs":[…],"effects":[{"verb","object","columns"}…],"why"}. No columns: all of them.
// A line that is not such an object gets class "unknown". `catalog` is asked for whenever a line had to be waited for.
Result<Done> classify_lines(std::istream& in, std::ostream& out,
                            const std::function<Result<std::shared_ptr<const Catalog>>()>& catalog);

}  // namespace narrowgate::postgres
