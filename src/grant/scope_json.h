// Scope as JSON, for records, the store and the API; and in words, for people.
//
// One atom:
// {"resource":"orders","verb":"UPDATE","object":"public.refunds(state)","limits":{"rows_written":10},"where":"required"}. Members
// that say nothing are left out. Reading is strict: an unknown member is an error, because an unread limit would widen.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "grant/scope.h"

namespace narrowgate::grant {

inline constexpr std::size_t atoms_max = 4'096;  // in one scope read from outside; normalising is quadratic in it

json::object to_json(const Limits& limits);
json::object to_json(const Atom& atom);
json::array to_json(const Scope& scope);
Result<Limits> limits_from_json(const json::value& value);
Result<Atom> atom_from_json(const json::value& value);
Result<Scope> scope_from_json(const json::value& value);
Result<Scope> scope_from_text(std::string_view json_text);

// "at most 10 rows written, 30s"; empty for no limits.
std::string describe(const Limits& limits);
// "UPDATE on public.refunds(state), with WHERE, at most 10 rows written"
std::string describe(const Atom& atom);

}  // namespace narrowgate::grant
