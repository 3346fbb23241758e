// What a database has of the things a scope names, as far as the login may hand them on.
#pragma once

#include "protocol/postgres/questions.h"
#include "protocol/postgres/roles/compile.h"

namespace narrowgate::postgres {

Result<Inventory> take_inventory(Questions& questions, const grant::Scope& scope);

}  // namespace narrowgate::postgres
