// Which effects a pattern of objects speaks of, and what the objects are called in Cedar.
//
// An effect names its object with dots and without quotes, so a name with a dot in it reads in more than one way. Whatever widens
// must hold for each reading, whatever narrows for any.
//
// This is a second implementation of what grant/ does with scopes, on purpose: a slip in one is caught by the other.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/facts.h"
#include "policy/operation.h"

namespace narrowgate::policy {

using Name = std::pair<std::string_view, std::string_view>;  // schema, name
std::vector<Name> readings(std::string_view object);         // borrow from `object`; empty if there is no dot in it

// Is every part of the effect inside the scope?
bool in_scope(const std::vector<ScopePart>& scope, const Effect& effect);
// Is any part of it inside?
bool touches(const ScopePart& part, const Effect& effect);

// Labels of the whole object; of one column, beyond the object's own.
std::set<std::string> labels_of(const std::vector<Classified>& classified, const Effect& effect);
std::set<std::string> labels_of(const std::vector<Classified>& classified, const Effect& effect, const std::string& column);
// Do the values of the whole object, or of one column, leave masked?
bool is_masked(const std::vector<Classified>& classified, const Effect& effect, const std::string* column = nullptr);
// Columns that have labels of their own.
std::set<std::string> labelled_columns(const std::vector<Classified>& classified, const Effect& effect);

}  // namespace narrowgate::policy
