// Scope as a normalised list of atoms: intersection, and the effect test. Subset has its own file.
#include "grant/scope.h"

#include <algorithm>
#include <tuple>

#include "grant/cover.h"

namespace narrowgate::grant {
namespace {

auto sort_key(const Atom& a) {
  return std::tie(a.resource, a.verb, a.object, a.where_required, a.limits.rows_written, a.limits.rows_read, a.limits.bytes,
                  a.limits.statement);
}

Atom normal(Atom atom) {
  atom.where_required = atom.where_required && where_matters(atom.verb);
  return atom;
}

// Sorted, and none inside another: of equal ones the first stays.
std::vector<Atom> maximal(std::vector<Atom> atoms) {
  std::sort(atoms.begin(), atoms.end(), [](const Atom& a, const Atom& b) { return sort_key(a) < sort_key(b); });
  atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
  if (atoms.size() < 2) return atoms;
  std::vector<Atom> kept;
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    bool inside = false;
    for (std::size_t j = 0; j < atoms.size() && !inside; ++j) inside = i != j && subset(atoms[i], atoms[j]);
    if (!inside) kept.push_back(atoms[i]);
  }
  return kept;
}

}  // namespace

bool where_matters(std::string_view verb) { return verb == "UPDATE" || verb == "DELETE" || verb == "*"; }

std::optional<Atom> intersect(const Atom& a, const Atom& b) {
  if (a.resource != b.resource) return std::nullopt;
  if (a.verb != b.verb && a.verb != "*" && b.verb != "*") return std::nullopt;
  auto object = intersect(a.object, b.object);
  if (!object) return std::nullopt;
  return normal({a.resource, a.verb == "*" ? b.verb : a.verb, std::move(*object), meet(a.limits, b.limits),
                 a.where_required || b.where_required});
}

bool subset(const Atom& inner, const Atom& outer) {
  if (inner.resource != outer.resource) return false;
  if (outer.verb != "*" && outer.verb != inner.verb) return false;
  if (outer.where_required && !inner.where_required && where_matters(inner.verb)) return false;
  return within(inner.limits, outer.limits) && subset(inner.object, outer.object);
}

Scope::Scope(std::vector<Atom> atoms) {
  for (auto& atom : atoms) atom = normal(std::move(atom));
  atoms_ = maximal(std::move(atoms));
}

Scope Scope::on(std::string_view resource) const {
  Scope out;  // A part of a normal list is normal.
  for (const auto& atom : atoms_)
    if (atom.resource == resource) out.atoms_.push_back(atom);
  return out;
}

Scope intersect(const Scope& a, const Scope& b) {
  std::vector<Atom> both;
  for (const auto& left : a.atoms())
    for (const auto& right : b.atoms())
      if (auto atom = intersect(left, right)) both.push_back(std::move(*atom));
  return Scope(std::move(both));
}

std::optional<Limits> Scope::covers(std::string_view resource, const Effect& effect, bool has_where) const {
  return widest_limits(covering_atoms(*this, resource, effect, has_where), effect);
}

bool Scope::permits(std::string_view resource, const Effect& effect, bool has_where, const Limits& limits) const {
  auto atoms = covering_atoms(*this, resource, effect, has_where);
  std::erase_if(atoms, [&](const Atom* atom) { return !within(limits, atom->limits); });
  return each_column_covered(atoms, effect);
}

}  // namespace narrowgate::grant
