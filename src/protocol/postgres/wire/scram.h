// SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677, 5929), both sides, without I/O.
//
// Server side: we keep a verifier, never a password. An unknown user gets a mock verifier whose salt depends only on the user's
// name and a secret of this gateway, so that asking twice looks the same, and the same as a real one; it never verifies.
// Client side, towards an upstream we do not trust: its nonce must extend ours, its iteration count must lie within
// limits::scram_iterations_*, and it must prove that it knows the verifier before we believe its AuthenticationOk.
//
// Channel binding is tls-server-end-point: the digest of the server's certificate, in net::TlsInfo::server_end_point.
// Not here: SASLprep of text outside ASCII (RFC 4013). Such a password is refused with Code::unsupported; PostgreSQL leaves
// ASCII as it is, so nothing is lost below that.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/secret.h"
#include "protocol/postgres/wire/scram_keys.h"
#include "protocol/postgres/wire/wire_limits.h"

namespace narrowgate::postgres {

inline constexpr std::string_view scram_sha_256 = "SCRAM-SHA-256";
inline constexpr std::string_view scram_sha_256_plus = "SCRAM-SHA-256-PLUS";

struct ScramVerifier {
  unsigned iterations = limits::scram_iterations_default;
  Bytes salt;
  Digest stored_key{};
  Digest server_key{};
  bool mock = false;  // no proof is good enough

  // PostgreSQL's spelling: SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>
  static Result<ScramVerifier> parse(std::string_view text);
  std::string to_text() const;
};

// Slow on purpose (PBKDF2). The salt is random.
Result<ScramVerifier> make_verifier(const SecretString& password, unsigned iterations = limits::scram_iterations_default);
Result<ScramVerifier> make_verifier(const SecretString& password, unsigned iterations, Bytes salt);
// For a user that does not exist. `gateway_secret` must stay the same as long as clients may compare.
ScramVerifier mock_verifier(ByteView gateway_secret, std::string_view user,
                            unsigned iterations = limits::scram_iterations_default);

std::string scram_nonce();  // 18 random bytes in base64, as PostgreSQL makes them

// What the server side must know: the salt to name, and how to tell a right proof. Whoever checks may hold several keys of one
// user.
struct ScramQuestion {
  Bytes salt;
  unsigned iterations = limits::scram_iterations_default;
  // The server's signature, if `client_proof` is right for `auth_message`.
  std::function<std::optional<Digest>(std::string_view auth_message, ByteView client_proof)> check;
};
ScramQuestion question_of(ScramVerifier verifier);

class ScramServer {
 public:
  // `mechanism`: the one the client chose. `end_point`: our own certificate's digest; empty when there is no TLS, and then PLUS
  // must not have been offered.
  ScramServer(ScramQuestion question, std::string_view mechanism, Bytes end_point, std::string nonce = scram_nonce());
  ScramServer(ScramVerifier verifier, std::string_view mechanism, Bytes end_point, std::string nonce = scram_nonce())
      : ScramServer(question_of(std::move(verifier)), mechanism, std::move(end_point), std::move(nonce)) {}

  Result<std::string> first(std::string_view client_first);   // → server-first-message
  Result<std::string> finish(std::string_view client_final);  // → server-final-message; Code::refused: the proof is wrong

 private:
  Result<std::string_view> read_gs2(std::string_view client_first);
  ScramQuestion question_;
  bool plus_;
  Bytes end_point_;
  std::string nonce_;  // ours; after first() the client's and ours
  std::string gs2_header_;
  std::string auth_message_;  // grows: client-first-bare "," server-first
  int state_ = 0;
};

class ScramClient {
 public:
  // `end_point` not empty: bind to the channel if `plus_offered`, and else say that we could have (so that an attacker who took
  // PLUS off the list is found out by an honest server).
  // `memory`, if there is one, outlives the client.
  static Result<ScramClient> create(SecretString password, Bytes end_point, bool plus_offered, ScramMemory* memory = nullptr,
                                    std::string nonce = scram_nonce());

  std::string_view mechanism() const { return plus_ ? scram_sha_256_plus : scram_sha_256; }
  std::string first() const;  // client-first-message
  // → client-final-message. As slow as the iterations asked for, unless they are remembered.
  Result<std::string> answer(std::string_view server_first);
  Result<Done> verify(std::string_view server_final);  // the server knows the verifier
  bool verified() const { return state_ == 2; }

 private:
  ScramClient(SecretString password, Bytes end_point, bool plus, ScramMemory* memory, std::string nonce);
  std::string gs2_header() const;
  SecretString password_;
  Bytes end_point_;
  bool plus_;
  ScramMemory* memory_;
  std::string nonce_;
  Digest server_signature_{};
  int state_ = 0;
};

}  // namespace narrowgate::postgres
