#include "identity/human.h"

namespace narrowgate::identity {
namespace {

std::string_view word_of(config::Role role) {
  switch (role) {
    case config::Role::approver: return "approver";
    case config::Role::auditor: return "auditor";
    case config::Role::operator_: return "operator";
    case config::Role::admin: return "admin";
  }
  return "?";
}

}  // namespace

std::string_view to_string(Login login) {
  switch (login) {
    case Login::password: return "password";
    case Login::session: return "session";
    case Login::token: return "token";
    case Login::local: return "local";
  }
  return "?";
}

bool Human::has(config::Role role) const { return std::find(roles.begin(), roles.end(), role) != roles.end(); }
bool Human::in_group(std::string_view group) const { return std::find(groups.begin(), groups.end(), group) != groups.end(); }

json::object to_json(const Human& human) {
  json::array groups, roles;
  for (const auto& group : human.groups) groups.emplace_back(group);
  for (const auto role : human.roles) roles.emplace_back(word_of(role));
  return {{"name", human.name},
          {"email", human.email},
          {"groups", std::move(groups)},
          {"roles", std::move(roles)},
          {"login", to_string(human.login)},
          {"phishing_resistant", human.phishing_resistant}};
}

}  // namespace narrowgate::identity
