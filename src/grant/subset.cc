// Is everything the one scope permits permitted by the other? Exact: an atom may be inside several others together.
//
// A wildcard of `inner` stands for infinitely many names, but `outer` can tell apart only those it names itself; so it is enough
// to try these and one that nobody names. One dimension after the other, keeping the outer atoms that still speak.
#include <algorithm>

#include "grant/cover.h"

namespace narrowgate::grant {
namespace {

constexpr std::string_view kUnnamed{"\0unnamed", 8};  // no identifier has a NUL

using Atoms = std::vector<const Atom*>;

// Fails closed: a comparison that would take longer says "not inside".
struct Work {
  std::size_t left = 1'000'000;
  bool spend(std::size_t n) { return n <= left ? (left -= n, true) : (left = 0, false); }
};

template <class Keep>
Atoms only(const Atoms& atoms, Keep keep) {
  Atoms out;
  std::copy_if(atoms.begin(), atoms.end(), std::back_inserter(out), keep);
  return out;
}

template <class NameOf>
std::set<std::string_view> names_in(const Atoms& atoms, NameOf name_of) {
  std::set<std::string_view> out{kUnnamed};
  for (const Atom* atom : atoms)
    if (name_of(*atom) != "*") out.insert(name_of(*atom));
  return out;
}

bool columns_inside(const Atom& inner, const Atoms& outer) {
  const auto whole = [](const Atom* atom) { return atom->object.columns.empty(); };
  if (std::any_of(outer.begin(), outer.end(), whole)) return true;
  if (inner.object.columns.empty()) return false;
  return std::all_of(inner.object.columns.begin(), inner.object.columns.end(), [&](const auto& column) {
    return std::any_of(outer.begin(), outer.end(), [&](const Atom* atom) { return atom->object.columns.contains(column); });
  });
}

bool name_inside(const Atom& inner, std::string_view name, const Atoms& outer) {
  return columns_inside(inner,
                        only(outer, [&](const Atom* atom) { return atom->object.name == "*" || atom->object.name == name; }));
}

bool names_inside(const Atom& inner, const Atoms& outer, Work& work) {
  if (inner.object.name != "*") return name_inside(inner, inner.object.name, outer);
  const auto names = names_in(outer, [](const Atom& atom) -> std::string_view { return atom.object.name; });
  return work.spend(names.size() * outer.size()) &&
         std::all_of(names.begin(), names.end(), [&](auto name) { return name_inside(inner, name, outer); });
}

bool schema_inside(const Atom& inner, std::string_view schema, const Atoms& outer, Work& work) {
  const auto speaking = only(outer, [&](const Atom* atom) {
    return atom->object.schema == schema || (atom->object.schema == "*" && !is_system_schema(schema));
  });
  return work.spend(outer.size()) && names_inside(inner, speaking, work);
}

bool schemas_inside(const Atom& inner, const Atoms& outer, Work& work) {
  if (inner.object.schema != "*") return schema_inside(inner, inner.object.schema, outer, work);
  const auto schemas = names_in(outer, [](const Atom& atom) -> std::string_view { return atom.object.schema; });
  return std::all_of(schemas.begin(), schemas.end(),
                     [&](auto schema) { return is_system_schema(schema) || schema_inside(inner, schema, outer, work); });
}

bool verb_inside(const Atom& inner, std::string_view verb, const Atoms& outer, Work& work) {
  const bool bare = !inner.where_required && where_matters(verb);  // without WHERE, too
  const auto speaking =
      only(outer, [&](const Atom* atom) { return (atom->verb == "*" || atom->verb == verb) && !(bare && atom->where_required); });
  return work.spend(outer.size()) && schemas_inside(inner, speaking, work);
}

bool atom_inside(const Atom& inner, const Scope& scope, Work& work) {
  Atoms outer;
  for (const Atom& atom : scope.atoms()) {
    if (subset(inner, atom)) return true;
    if (atom.resource == inner.resource && within(inner.limits, atom.limits)) outer.push_back(&atom);
  }
  if (outer.size() < 2) return false;
  if (inner.verb != "*") return verb_inside(inner, inner.verb, outer, work);
  auto verbs = names_in(outer, [](const Atom& atom) -> std::string_view { return atom.verb; });
  verbs.insert({"UPDATE", "DELETE"});
  return std::all_of(verbs.begin(), verbs.end(), [&](auto verb) { return verb_inside(inner, verb, outer, work); });
}

}  // namespace

bool subset(const Scope& inner, const Scope& outer) {
  Work work;
  return std::all_of(inner.atoms().begin(), inner.atoms().end(),
                     [&](const Atom& atom) { return atom_inside(atom, outer, work); });
}

}  // namespace narrowgate::grant
