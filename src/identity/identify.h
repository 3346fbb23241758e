// Proofs in, one record out: who is this agent?
//
//   key, SCRAM proof     ─┐
//   token of an issuer   ─┼─▶ Agent   or Error{refused, client}: its detail is for operators, the client hears one sentence
//   client certificate   ─┘
//
// Promises:
//  - A suspended, unknown or unproved agent is refused; so is anybody when a lookup fails. Fails closed.
//  - An unknown agent is offered a login exactly like that of an agent with keys, and costs the same.
//  - Secrets are compared in constant time. A token bound to a certificate (cnf) is worth nothing without it.
// Not here: what the agent may do; people (people.h).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"
#include "config/config.h"
#include "identity/agent.h"
#include "identity/key.h"
#include "identity/token.h"

namespace narrowgate::identity {

// The facts of a client certificate that the TLS layer verified (net::TlsInfo has the same names).
struct CertificateFacts {
  std::string fingerprint;        // "sha256:<hex>" of the DER
  std::vector<std::string> uris;  // URI subject alternative names
};

// How to ask a client for its proof. An agent that may bring a token is asked for the text itself (over TLS only).
enum class Ask { scram, text };

// One SCRAM login: what the server's first message says. Keep it until the client's proof comes.
struct ScramOffer {
  std::string agent;
  Bytes salt;
  unsigned iterations = scram_iterations;
};
struct ScramAccepted {
  Agent agent;
  Digest server_signature{};
};

class Agents {
 public:
  // Derives verifiers of configured keys (a PBKDF2 each). `clock` and `keys` outlive it.
  static Result<std::unique_ptr<Agents>> create(std::shared_ptr<const config::Config> config, KeyStore& keys, Fetch fetch,
                                                const Clock& clock);

  // These never block.
  Ask ask(std::string_view agent) const;
  ScramOffer scram_offer(std::string_view agent) const;
  Result<ScramAccepted> by_scram(const ScramOffer& offer, std::string_view auth_message, ByteView client_proof) const;
  Result<Agent> by_key(std::string_view agent, const SecretString& key) const;
  Result<Agent> by_key(const SecretString& key) const;                                              // the key says whose it is
  Result<Agent> by_certificate(std::string_view agent, const CertificateFacts& certificate) const;  // agent may be empty

  // May fetch an issuer's keys: on a background pool. `agent` empty: exactly one configured agent must fit the token.
  Result<Agent> by_token(std::string_view agent, std::string_view token, const CertificateFacts* certificate = nullptr);
  // Whatever came as a password: a key or a token.
  Result<Agent> by_text(std::string_view agent, const SecretString& text, const CertificateFacts* certificate = nullptr);

  TokenVerifier& tokens() { return tokens_; }
  const config::Config& config() const { return *config_; }

 private:
  struct ConfiguredKey {
    std::string agent;
    Digest sha256{};
    ScramVerifier scram;
  };
  struct KeyOwner {
    std::string agent, key_id;
  };
  struct Candidate {
    std::string key_id;
    ScramVerifier verifier;
  };
  Agents(std::shared_ptr<const config::Config> config, KeyStore& keys, Fetch fetch, const Clock& clock, Bytes salt_seed);
  Result<const config::Agent*> known(std::string_view agent) const;
  Result<std::vector<Candidate>> candidates(const ScramOffer& offer) const;
  Result<KeyOwner> owner_of_key(const SecretString& key) const;
  Result<const config::Agent*> owner_of_token(std::string_view agent, const VerifiedToken& token) const;

  const std::shared_ptr<const config::Config> config_;
  KeyStore& keys_;
  const Clock& clock_;
  const Bytes salt_seed_;
  std::vector<ConfiguredKey> configured_;
  ScramVerifier decoy_;  // fits no proof
  TokenVerifier tokens_;
};

// The sentence every refused client hears, whatever the reason: it must not say which half was wrong.
inline constexpr std::string_view identity_refused = "narrowgate: identity not accepted";

}  // namespace narrowgate::identity
