#include "grant/cover.h"

#include <algorithm>

namespace narrowgate::grant {
namespace {

// An effect names its object with dots and without quotes, so a name with a dot in it reads in more than one way. Fails closed:
// each reading must be covered.
bool names_object(const ObjectPattern& pattern, std::string_view object) {
  std::size_t dot = object.find('.');
  if (dot == std::string_view::npos) return false;
  for (; dot != std::string_view::npos; dot = object.find('.', dot + 1)) {
    const auto schema = object.substr(0, dot), name = object.substr(dot + 1);
    if (schema.empty() || name.empty()) return false;
    if (pattern.schema == "*" ? is_system_schema(schema) : pattern.schema != schema) return false;
    if (pattern.name != "*" && pattern.name != name) return false;
  }
  return true;
}

// What a pattern of schema and name says about things that are not in a schema.
bool speaks_of(const ObjectPattern& pattern, const Effect& effect) {
  switch (effect.kind) {
    case ObjectKind::table:
    case ObjectKind::function: return names_object(pattern, effect.object);
    case ObjectKind::schema:  // all of it, or not at all
      return pattern.name == "*" && pattern.columns.empty() &&
             (pattern.schema == "*" ? !effect.object.empty() && !is_system_schema(effect.object)
                                    : pattern.schema == effect.object);
    case ObjectKind::database:
    case ObjectKind::setting: return pattern.schema == "*" && pattern.name == "*" && pattern.columns.empty();
  }
  return false;
}

bool has_column(const Atom& atom, const std::string& column) {
  return atom.object.columns.empty() || atom.object.columns.contains(column);
}

bool has_some_column(const Atom& atom, const Effect& effect) {
  if (effect.columns.empty()) return atom.object.columns.empty();
  return std::any_of(effect.columns.begin(), effect.columns.end(), [&](const auto& column) { return has_column(atom, column); });
}

// The greatest value of one limit for which each column still has an atom. Absent is greater than any number.
template <class T>
std::optional<T> widest(const std::vector<const Atom*>& atoms, const Effect& effect, std::optional<T> Limits::* limit) {
  const auto greater = [](const std::optional<T>& a, const std::optional<T>& b) { return b && (!a || *a > *b); };
  const auto for_column = [&](const std::string* column) {
    const Atom* best = nullptr;
    for (const Atom* atom : atoms)
      if ((column == nullptr || has_column(*atom, *column)) &&
          (best == nullptr || greater(atom->limits.*limit, best->limits.*limit)))
        best = atom;
    return best->limits.*limit;
  };
  if (effect.columns.empty()) return for_column(nullptr);
  std::optional<T> least;
  for (const auto& column : effect.columns)
    if (const auto value = for_column(&column); greater(least, value)) least = value;
  return least;
}

template <class T>
void settle(std::vector<const Atom*>& atoms, const Effect& effect, std::optional<T> Limits::* limit, Limits& out) {
  out.*limit = widest(atoms, effect, limit);
  std::erase_if(
      atoms, [&](const Atom* atom) { return atom->limits.*limit && (!(out.*limit) || *(atom->limits.*limit) < *(out.*limit)); });
}

}  // namespace

std::vector<const Atom*> covering_atoms(const Scope& scope, std::string_view resource, const Effect& effect, bool has_where) {
  std::vector<const Atom*> out;
  const bool where_missing = !has_where && where_matters(effect.verb);
  for (const Atom& atom : scope.atoms())
    if (atom.resource == resource && (atom.verb == "*" || atom.verb == effect.verb) && !(atom.where_required && where_missing) &&
        speaks_of(atom.object, effect) && has_some_column(atom, effect))
      out.push_back(&atom);
  return out;
}

bool each_column_covered(const std::vector<const Atom*>& atoms, const Effect& effect) {
  if (effect.columns.empty())
    return std::any_of(atoms.begin(), atoms.end(), [](const Atom* atom) { return atom->object.columns.empty(); });
  return std::all_of(effect.columns.begin(), effect.columns.end(), [&](const auto& column) {
    return std::any_of(atoms.begin(), atoms.end(), [&](const Atom* atom) { return has_column(*atom, column); });
  });
}

std::optional<Limits> widest_limits(std::vector<const Atom*> atoms, const Effect& effect) {
  if (!each_column_covered(atoms, effect)) return std::nullopt;
  Limits out;
  settle(atoms, effect, &Limits::rows_written, out);
  settle(atoms, effect, &Limits::rows_read, out);
  settle(atoms, effect, &Limits::bytes, out);
  settle(atoms, effect, &Limits::statement, out);
  return out;
}

}  // namespace narrowgate::grant
