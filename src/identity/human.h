// Human: a person as approvals and the admin API see them, after whichever login.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "config/config.h"

namespace narrowgate::identity {

enum class Login : std::uint8_t { password, session, token, local };  // local: the operator at the data folder
std::string_view to_string(Login login);

struct Human {
  std::string name;
  std::string email;
  std::vector<std::string> groups;  // sorted: configured, and those a token brought
  std::vector<config::Role> roles;
  Login login = Login::password;
  bool phishing_resistant = false;  // none of the logins here is; WebAuthn would be

  bool has(config::Role role) const;
  bool in_group(std::string_view group) const;
};

json::object to_json(const Human& human);

}  // namespace narrowgate::identity
