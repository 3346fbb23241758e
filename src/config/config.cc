#include "config/config.h"

#include <fmt/format.h>

namespace narrowgate::config {
namespace {

template <class T>
const T* by_name(const std::vector<T>& things, std::string_view name) {
  for (const auto& thing : things)
    if (thing.name == name) return &thing;
  return nullptr;
}

}  // namespace

std::string to_string(const Address& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", address.host, address.port) : fmt::format("{}:{}", address.host, address.port);
}

// By spelling alone: a name that only resolves to a loopback address is not taken for one.
bool is_loopback(const std::string& host) {
  if (host == "::1" || host == "localhost" || host.starts_with("/")) return true;
  if (!host.starts_with("127.")) return false;
  return host.find_first_not_of("0123456789.") == std::string::npos;
}

const Issuer* Config::issuer(std::string_view name) const { return by_name(issuers, name); }
const Agent* Config::agent(std::string_view name) const { return by_name(agents, name); }
const Person* Config::person(std::string_view name) const { return by_name(people, name); }
const Resource* Config::resource(std::string_view name) const { return by_name(resources, name); }
const Template* Config::find_template(std::string_view name) const { return by_name(templates, name); }

std::vector<grant::Atom> atoms_of(const ScopeRule& rule) {
  std::vector<grant::Atom> atoms;
  for (const auto& verb : rule.verbs)
    for (const auto& object : rule.objects)
      atoms.push_back({rule.resource, verb, object, rule.limits, rule.where == Where::required});
  return atoms;
}

masking::Rules masking_rules(const Resource& resource) {
  masking::Rules out;
  for (const auto& [label, kind] : resource.masking) {
    const auto classified = resource.classification.find(label);
    if (classified == resource.classification.end()) continue;
    for (const grant::ObjectPattern& pattern : classified->second)
      out.push_back({label, kind, pattern.schema, pattern.name, pattern.columns});
  }
  return out;
}

}  // namespace narrowgate::config
