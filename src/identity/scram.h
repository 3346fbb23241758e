// SCRAM-SHA-256 (RFC 5802, RFC 7677) as a server keeps and checks it: verifiers, never passwords.
//
// Deriving a verifier costs a PBKDF2; checking a proof costs three HMACs. Only enrolment and loading derive.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/crypto.h"

namespace narrowgate::identity {

inline constexpr unsigned scram_iterations = 4096;  // RFC 7677's floor: the passwords are random keys, not words
inline constexpr std::size_t scram_salt_bytes = 16;

struct ScramVerifier {
  Bytes salt;
  unsigned iterations = scram_iterations;
  Digest stored_key{}, server_key{};
  friend bool operator==(const ScramVerifier&, const ScramVerifier&) = default;
};

// `password` is printable ASCII, so that SASLprep changes nothing.
ScramVerifier derive_scram(std::string_view password, ByteView salt, unsigned iterations = scram_iterations);

// The signature that proves us to the client, if `client_proof` is right for `auth_message` under this verifier.
std::optional<Digest> check_scram(const ScramVerifier& verifier, std::string_view auth_message, ByteView client_proof);

}  // namespace narrowgate::identity
