// A JSON Web Token taken apart, strictly, and its signature checked by the Rust crate `jsonwebtoken` in ffi/.
//
// Taking apart never trusts: what unpack() returns is hearsay until verify_signature() has said yes.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/json.h"
#include "identity/oidc.h"

namespace narrowgate::identity {

inline constexpr std::size_t token_bytes_max = 16 * 1024;  // limits::password_bytes_max: it travels as a password

// Asymmetric algorithms we know. A configuration may narrow this list, nothing widens it.
inline constexpr std::string_view token_algorithms[] = {"RS256", "ES256", "ES384", "EdDSA"};

struct Jwt {
  std::string alg, kid, typ;
  json::object header, claims;
};

// Three base64url parts, JSON without duplicate keys, an algorithm of ours, no header that points at a key
// (jku, x5u, jwk, x5c) or that we would have to understand (crit).
Result<Jwt> unpack_jwt(std::string_view token);

Result<Done> verify_signature(std::string_view token, std::string_view algorithm, const Jwk& key);

// The text looks like a JWT rather than like a key of ours.
bool looks_like_jwt(std::string_view text);

// A claim by name, or by JSON pointer when `path` starts with '/'. Strings, integers and booleans as text; else nullopt.
std::optional<std::string> claim_text(const json::object& claims, std::string_view path);

}  // namespace narrowgate::identity
