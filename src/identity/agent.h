// Agent: the one record every proof of identity is reduced to (security-model §1.1). Policy and recordings see nothing else.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace narrowgate::identity {

enum class Kind : std::uint8_t { enrolled_key, oidc, github_actions, kubernetes, aws, certificate, spiffe };
std::string_view to_string(Kind kind);

// How well the proof is tied to its holder. Ordered; policies ask for a floor.
enum class Assurance : std::uint8_t {
  bearer = 1,    // whoever has the text
  bound = 2,     // a key that did not travel: mTLS, SCRAM does not count
  attested = 3,  // bound, and the workload was attested
};

// What is kept of a token: enough to find it again, not enough to use it.
struct TokenFacts {
  std::string jti;
  std::int64_t iat = 0, exp = 0;  // seconds since 1970
  friend bool operator==(const TokenFacts&, const TokenFacts&) = default;
};

struct Agent {
  std::string name;     // "refund-bot": the configured agent this proof belongs to
  std::string issuer;   // "narrowgate" for keys of ours, "mtls" for certificates
  std::string subject;  // the key's id, the token's sub, the certificate's fingerprint or URI
  Kind kind = Kind::enrolled_key;
  Assurance assurance = Assurance::bearer;
  std::map<std::string, std::string> bound_key;    // {"x5t#S256": …}; empty: not bound
  std::string instance;                            // one run of the agent: "run:9123456789/1", a pod's uid
  std::map<std::string, std::string> claims_used;  // what matched, and what explains it
  std::optional<TokenFacts> token;
  std::string on_behalf_of;  // empty: nobody
  std::string owner;         // who answers for the agent
  friend bool operator==(const Agent&, const Agent&) = default;
};

json::object to_json(const Agent& agent);

}  // namespace narrowgate::identity
