#include "protocol/postgres/sql/catalog.h"

#include "protocol/postgres/sql/findings.h"

namespace narrowgate::postgres {
namespace {

template <class Map, class Key>
auto* find_value(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

template <class Map>
const typename Map::mapped_type& list_of(const Map& map, std::string_view name) {
  static const typename Map::mapped_type none;
  const auto* found = find_value(map, name);
  return found == nullptr ? none : *found;
}

}  // namespace

Catalog::Catalog() : findings_(std::make_unique<Findings>()) {}
Catalog::~Catalog() = default;

const Column* Relation::column(std::string_view wanted) const {
  const auto found = std::find_if(columns.begin(), columns.end(), [&](const Column& column) { return column.name == wanted; });
  return found == columns.end() ? nullptr : &*found;
}

bool Catalog::may_use_schema(std::string_view schema) const {
  const auto* usable = find_value(schemas_, schema);
  return usable != nullptr && *usable;
}

const Relation* Catalog::relation(std::string_view schema, std::string_view name) const {
  const auto* names = find_value(relations_by_name_, schema);
  const auto* found = names == nullptr ? nullptr : find_value(*names, name);
  return found == nullptr ? nullptr : *found;
}

const Relation* Catalog::relation(Oid oid) const {
  const auto* found = find_value(relations_by_oid_, oid);
  return found == nullptr ? nullptr : *found;
}

const Function* Catalog::function(Oid oid) const {
  const auto* found = find_value(functions_by_oid_, oid);
  return found == nullptr ? nullptr : *found;
}

const std::vector<const Function*>& Catalog::functions(std::string_view name) const { return list_of(functions_by_name_, name); }
const std::vector<const Operator*>& Catalog::operators(std::string_view name) const { return list_of(operators_by_name_, name); }
const std::vector<std::vector<Oid>>& Catalog::builtin_signatures(std::string_view name) const {
  return list_of(builtin_signatures_, name);
}
const std::vector<std::pair<Oid, Oid>>& Catalog::builtin_operators(std::string_view name) const {
  return list_of(builtin_operators_, name);
}

char Catalog::builtin_volatility(std::string_view name) const {
  const char* found = find_value(builtins_, name);
  return found == nullptr ? '\0' : *found;
}

char Catalog::information_schema_volatility(std::string_view name) const {
  const char* found = find_value(information_schema_, name);
  return found == nullptr ? '\0' : *found;
}

std::string_view Catalog::builtin_name(Oid function) const {
  const auto* found = find_value(builtin_names_, function);
  return found == nullptr ? std::string_view() : std::string_view(*found);
}

const Type* Catalog::type(std::string_view schema, std::string_view name) const {
  const auto* names = find_value(types_by_name_, schema);
  const auto* found = names == nullptr ? nullptr : find_value(*names, name);
  return found == nullptr ? nullptr : *found;
}

const Type* Catalog::type(Oid oid) const {
  const auto* found = find_value(types_by_oid_, oid);
  return found == nullptr ? nullptr : *found;
}

std::string_view Catalog::setting_context(std::string_view name) const {
  const auto* found = find_value(settings_, name);
  return found == nullptr ? std::string_view() : std::string_view(*found);
}

}  // namespace narrowgate::postgres
