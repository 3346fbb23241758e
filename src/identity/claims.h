// What a verified token says about its holder beyond who issued it: its kind, its run, the claims worth keeping.
#pragma once

#include <map>
#include <string>

#include "identity/agent.h"
#include "identity/token.h"

namespace narrowgate::identity {

// Does the token prove this identity?
bool fits(const config::TokenIdentity& identity, const VerifiedToken& token);

Kind kind_of(const VerifiedToken& token);
// "run:9123456789/1", a pod's uid; "" when the token does not tell runs apart.
std::string instance_of(Kind kind, const json::object& claims);
// Claims that explain the token to a person, besides those that matched. Never what the caller chose freely.
std::map<std::string, std::string> telling_claims(Kind kind, const json::object& claims);

}  // namespace narrowgate::identity
