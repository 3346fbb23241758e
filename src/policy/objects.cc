#include "policy/objects.h"

#include <algorithm>

namespace narrowgate::policy {
namespace {

// PostgreSQL keeps "pg_…" for itself; such schemas must be named.
bool is_system_schema(std::string_view schema) { return schema.starts_with("pg_") || schema == "information_schema"; }

bool in_a_schema(const Effect& effect) { return effect.kind == ObjectKind::table || effect.kind == ObjectKind::function; }

template <class Pattern>
bool matches_granting(const Pattern& pattern, const Name& name) {
  const bool schema = pattern.schema == "*" ? !is_system_schema(name.first) : pattern.schema == name.first;
  return schema && (pattern.name == "*" || pattern.name == name.second);
}

template <class Pattern>
bool matches_restricting(const Pattern& pattern, const Name& name) {
  return (pattern.schema == "*" || pattern.schema == name.first) && (pattern.name == "*" || pattern.name == name.second);
}

// What a pattern of schema and name says about schemas, databases and settings: all, or nothing.
bool covers_outside(const ScopePart& part, const Effect& effect) {
  if (part.name != "*" || !part.columns.empty()) return false;
  if (part.schema == "*")
    return effect.kind != ObjectKind::schema || (!effect.object.empty() && !is_system_schema(effect.object));
  return effect.kind == ObjectKind::schema && part.schema == effect.object;
}

bool covers_object(const ScopePart& part, const Effect& effect) {
  if (part.verb != "*" && part.verb != effect.verb) return false;
  if (!in_a_schema(effect)) return covers_outside(part, effect);
  const auto names = readings(effect.object);
  return !names.empty() &&
         std::all_of(names.begin(), names.end(), [&](const Name& name) { return matches_granting(part, name); });
}

bool covers_column(const ScopePart& part, const std::string& column) {
  return part.columns.empty() || part.columns.contains(column);
}

template <class Pattern>
bool restricts_object(const Pattern& pattern, const Effect& effect) {
  if (!in_a_schema(effect)) return pattern.schema == "*" && pattern.name == "*";
  const auto names = readings(effect.object);
  return names.empty() ||
         std::any_of(names.begin(), names.end(), [&](const Name& name) { return matches_restricting(pattern, name); });
}

}  // namespace

std::vector<Name> readings(std::string_view object) {
  std::vector<Name> out;
  for (auto dot = object.find('.'); dot != std::string_view::npos; dot = object.find('.', dot + 1))
    out.emplace_back(object.substr(0, dot), object.substr(dot + 1));
  return out;
}

bool in_scope(const std::vector<ScopePart>& scope, const Effect& effect) {
  std::vector<const ScopePart*> parts;
  for (const auto& part : scope)
    if (covers_object(part, effect)) parts.push_back(&part);
  if (effect.columns.empty())
    return std::any_of(parts.begin(), parts.end(), [](const auto* part) { return part->columns.empty(); });
  return std::all_of(effect.columns.begin(), effect.columns.end(), [&](const std::string& column) {
    return std::any_of(parts.begin(), parts.end(), [&](const auto* part) { return covers_column(*part, column); });
  });
}

bool touches(const ScopePart& part, const Effect& effect) {
  if (part.verb != "*" && part.verb != effect.verb) return false;
  if (!restricts_object(part, effect)) return false;
  return part.columns.empty() || effect.columns.empty() ||
         std::any_of(effect.columns.begin(), effect.columns.end(),
                     [&](const auto& column) { return part.columns.contains(column); });
}

std::set<std::string> labels_of(const std::vector<Classified>& classified, const Effect& effect) {
  std::set<std::string> out;
  for (const auto& one : classified)
    if (one.columns.empty() && restricts_object(one, effect)) out.insert(one.label);
  return out;
}

std::set<std::string> labels_of(const std::vector<Classified>& classified, const Effect& effect, const std::string& column) {
  std::set<std::string> out;
  for (const auto& one : classified)
    if (one.columns.contains(column) && restricts_object(one, effect)) out.insert(one.label);
  return out;
}

bool is_masked(const std::vector<Classified>& classified, const Effect& effect, const std::string* column) {
  return std::any_of(classified.begin(), classified.end(), [&](const Classified& one) {
    const bool here = one.columns.empty() || (column != nullptr && one.columns.contains(*column));
    return one.masked && here && restricts_object(one, effect);
  });
}

std::set<std::string> labelled_columns(const std::vector<Classified>& classified, const Effect& effect) {
  std::set<std::string> out;
  for (const auto& one : classified)
    if (restricts_object(one, effect)) out.insert(one.columns.begin(), one.columns.end());
  return out;
}

}  // namespace narrowgate::policy
