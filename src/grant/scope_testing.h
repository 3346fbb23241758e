// A small world in which every scope can be checked point by point, and random scopes in it. For tests of this folder.
#pragma once

#include <bitset>
#include <random>

#include "grant/scope.h"

namespace narrowgate::grant::small_world {

// The last of verbs, and what is called "other", stand for all that nobody names.
inline const std::vector<std::string> verbs = {"SELECT", "UPDATE", "DELETE", "DDL", "TRUNCATE"};
inline const std::vector<std::string> objects = {"public.t",         "public.u",    "public.other", "audit.t",
                                                 "audit.u",          "audit.other", "pg_catalog.t", "pg_catalog.u",
                                                 "pg_catalog.other", "other.t",     "other.u",      "other.other"};
// None: all of them, also those that nobody names.
inline const std::vector<std::vector<std::string>> columns = {{"a"}, {"b"}, {"a", "b"}, {}};
inline const std::vector<Limits> limits = [] {
  std::vector<Limits> out;
  for (const auto& read : {std::optional<std::uint64_t>(1), std::optional<std::uint64_t>(9), std::optional<std::uint64_t>()})
    for (const auto& written : {std::optional<std::uint64_t>(1), std::optional<std::uint64_t>()}) {
      Limits one;
      one.rows_read = read;
      one.rows_written = written;
      out.push_back(one);
    }
  return out;
}();
inline constexpr std::size_t points = 5 * 12 * 4 * 6 * 2;
using Meaning = std::bitset<points>;

struct Point {
  Effect effect;
  bool has_where;
  Limits within;
};
inline Point point(std::size_t n) {
  const auto pick = [&n](const auto& from) -> const auto& {
    const auto& chosen = from[n % from.size()];
    n /= from.size();
    return chosen;
  };
  const auto& verb = pick(verbs);
  const auto& object = pick(objects);
  const auto& column = pick(columns);
  const auto& within = pick(limits);
  return {Effect{verb, ObjectKind::table, object, column, false}, n != 0, within};
}

// Every point the scope permits: what it means, by the definition in scope.h.
inline Meaning meaning_of(const Scope& scope) {
  static const auto all = [] {
    std::vector<Point> out;
    for (std::size_t n = 0; n < points; ++n) out.push_back(point(n));
    return out;
  }();
  Meaning out;
  for (std::size_t n = 0; n < points; ++n) out[n] = scope.permits("r", all[n].effect, all[n].has_where, all[n].within);
  return out;
}

// `choose(n)` gives a number below n: a random engine here, a shrinking generator elsewhere.
template <class Choose>
Atom atom_by(Choose&& choose) {
  static const std::vector<std::string> some_verbs = {"SELECT", "UPDATE", "DDL", "*"};
  static const std::vector<std::string> schemas = {"public", "audit", "pg_catalog", "*"};
  static const std::vector<std::string> names = {"t", "u", "*"};
  static const std::vector<std::set<std::string>> lists = {{}, {"a"}, {"b"}, {"a", "b"}};
  Atom atom;
  atom.resource = choose(16) == 15 ? "other" : "r";
  atom.verb = some_verbs[choose(some_verbs.size())];
  atom.object = {schemas[choose(schemas.size())], names[choose(names.size())], lists[choose(lists.size())]};
  atom.limits = limits[choose(limits.size())];
  atom.where_required = choose(4) == 3;
  return atom;
}
template <class Choose>
std::vector<Atom> atoms_by(Choose&& choose) {
  std::vector<Atom> atoms(choose(4));
  for (auto& atom : atoms) atom = atom_by(choose);
  return atoms;
}

inline std::string in_words(const Scope& scope) {
  std::string out;
  for (const Atom& a : scope.atoms()) {
    out += "\n  " + a.resource + " " + a.verb + " " + a.object.to_string() + (a.where_required ? " WHERE" : "");
    if (a.limits.rows_read) out += " read<=" + std::to_string(*a.limits.rows_read);
    if (a.limits.rows_written) out += " written<=" + std::to_string(*a.limits.rows_written);
  }
  return out.empty() ? "\n  nothing" : out;
}

}  // namespace narrowgate::grant::small_world
