// How a scope covers one effect: which atoms speak of its object, and whether together they have each of its columns.
#pragma once

#include <string_view>
#include <vector>

#include "grant/scope.h"

namespace narrowgate::grant {

// UPDATE and DELETE, and so every verb.
bool where_matters(std::string_view verb);

// The atoms that cover some of the effect's columns. Valid as long as the scope.
std::vector<const Atom*> covering_atoms(const Scope& scope, std::string_view resource, const Effect& effect, bool has_where);

bool each_column_covered(const std::vector<const Atom*>& atoms, const Effect& effect);

// The lexicographically greatest limits within which every column is covered; nullopt if there are none.
std::optional<Limits> widest_limits(std::vector<const Atom*> atoms, const Effect& effect);

}  // namespace narrowgate::grant
