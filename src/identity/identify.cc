#include "identity/identify.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/claims.h"

namespace narrowgate::identity {
namespace {

Error refuse(std::string why) { return {Code::refused, Blame::client, std::move(why)}; }

bool same(const Digest& a, const Digest& b) { return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

Agent by_our_key(const config::Agent& configured, std::string key_id) {
  Agent agent;
  agent.name = configured.name;
  agent.issuer = "narrowgate";
  agent.subject = std::move(key_id);
  agent.kind = Kind::enrolled_key;
  agent.owner = configured.owner;
  return agent;
}

constexpr std::string_view configured_key_id = "configured";

const config::TokenIdentity* fitting(const config::Agent& agent, const VerifiedToken& token) {
  for (const auto& identity : agent.identities)
    if (fits(identity, token)) return &identity;
  return nullptr;
}

bool fits(const config::CertificateIdentity& identity, const CertificateFacts& certificate) {
  if (!identity.fingerprint.empty()) return identity.fingerprint == certificate.fingerprint;
  // Exactly one URI, as SPIFFE asks: of several, nobody could say which was meant.
  return !identity.uri.empty() && certificate.uris.size() == 1 && certificate.uris[0] == identity.uri;
}

bool fits(const config::Agent& agent, const CertificateFacts& certificate) {
  return std::any_of(agent.certificates.begin(), agent.certificates.end(),
                     [&](const auto& one) { return fits(one, certificate); });
}

// RFC 8705's spelling of a fingerprint: base64url of the digest.
Result<std::string> thumbprint_of(const CertificateFacts& certificate) {
  constexpr std::string_view prefix = "sha256:";
  if (!certificate.fingerprint.starts_with(prefix)) return refuse("the certificate has no SHA-256 fingerprint");
  NG_TRY(const auto digest, from_hex(std::string_view(certificate.fingerprint).substr(prefix.size())));
  return to_base64url(digest);
}

// A token that names the key of its holder (cnf) is worth nothing in other hands. Bindings we cannot check are refused.
Result<std::map<std::string, std::string>> check_binding(const VerifiedToken& token, const CertificateFacts* certificate) {
  using Bound = std::map<std::string, std::string>;
  const auto* cnf = token.claims.if_contains("cnf");
  if (!cnf) return Bound{};
  const auto* members = cnf->if_object();
  const auto thumbprint = members && members->size() == 1 ? claim_text(*members, "x5t#S256") : std::nullopt;
  if (!thumbprint) return refuse("the token is bound to its holder (cnf) in a way that is not supported here");
  if (!certificate) return refuse("the token is bound to a client certificate, and none was presented");
  NG_TRY(const auto presented, thumbprint_of(*certificate));
  if (!equal_secrets(presented, *thumbprint)) return refuse("the token is bound to another client certificate");
  return Bound{{"x5t#S256", presented}};
}

}  // namespace

Result<std::unique_ptr<Agents>> Agents::create(std::shared_ptr<const config::Config> config, KeyStore& keys, Fetch fetch,
                                               const Clock& clock) {
  NG_TRY(auto seed, keys.salt_seed());
  return std::unique_ptr<Agents>(new Agents(std::move(config), keys, std::move(fetch), clock, std::move(seed)));
}

Agents::Agents(std::shared_ptr<const config::Config> config, KeyStore& keys, Fetch fetch, const Clock& clock, Bytes salt_seed)
    : config_(std::move(config)),
      keys_(keys),
      clock_(clock),
      salt_seed_(std::move(salt_seed)),
      tokens_(*config_, std::move(fetch), clock) {
  for (const auto& agent : config_->agents) {
    if (!agent.key) continue;
    const auto& text = agent.key->expose();  // digested here, and not kept
    configured_.push_back({agent.name, sha256(text), derive_scram(text, salt_of_agent(salt_seed_, agent.name))});
  }
  random_bytes(decoy_.stored_key);
}

Result<const config::Agent*> Agents::known(std::string_view name) const {
  const auto* agent = config_->agent(name);
  if (!agent) return refuse(fmt::format("agent \"{}\" does not exist; add it to agents", visible(name.substr(0, 100))));
  if (agent->suspended) return refuse(fmt::format("agent {} is suspended", agent->name));
  return agent;
}

// ---- keys

Ask Agents::ask(std::string_view name) const {
  const auto* agent = config_->agent(name);
  return agent && !agent->identities.empty() ? Ask::text : Ask::scram;
}

ScramOffer Agents::scram_offer(std::string_view agent) const {
  return {std::string(agent), salt_of_agent(salt_seed_, agent), scram_iterations};
}

Result<std::vector<Agents::Candidate>> Agents::candidates(const ScramOffer& offer) const {
  std::vector<Candidate> out;
  for (const auto& key : configured_)
    if (key.agent == offer.agent) out.push_back({std::string(configured_key_id), key.scram});
  NG_TRY(const auto enrolled, keys_.of_agent(offer.agent));
  for (const auto& record : enrolled)
    if (record.live(clock_.wall()) && record.scram.salt == offer.salt && record.scram.iterations == offer.iterations)
      out.push_back({record.id, record.scram});
  return out;
}

Result<ScramAccepted> Agents::by_scram(const ScramOffer& offer, std::string_view auth_message, ByteView client_proof) const {
  NG_TRY(const auto verifiers, candidates(offer));
  if (verifiers.empty()) (void)check_scram(decoy_, auth_message, client_proof);  // costs what a known agent costs
  NG_TRY(const auto* agent, known(offer.agent));
  for (const auto& [id, verifier] : verifiers)
    if (const auto signature = check_scram(verifier, auth_message, client_proof))
      return ScramAccepted{by_our_key(*agent, id), *signature};
  return refuse(fmt::format("agent {}: the SCRAM proof fits none of its {} live keys", agent->name, verifiers.size()));
}

// Which live key is this, and whose?
Result<Agents::KeyOwner> Agents::owner_of_key(const SecretString& key) const {
  const Digest digest = sha256(key.expose());
  for (const auto& configured : configured_)
    if (same(configured.sha256, digest)) return KeyOwner{configured.agent, std::string(configured_key_id)};
  const auto id = key_id_of(key.expose());
  if (!id) return refuse("the key is neither a configured one nor of the form ngk_…");
  NG_TRY(const auto record, keys_.find(*id));
  if (!record || !same(record->sha256, digest)) return refuse(fmt::format("key {} does not exist, or its secret is wrong", *id));
  if (!record->live(clock_.wall()))
    return refuse(fmt::format("key {} of agent {} is {}", *id, record->agent, record->revoked ? "revoked" : "expired"));
  return KeyOwner{record->agent, *id};
}

Result<Agent> Agents::by_key(const SecretString& key) const {
  NG_TRY(const auto owner, owner_of_key(key));
  NG_TRY(const auto* agent, known(owner.agent));
  return by_our_key(*agent, owner.key_id);
}

Result<Agent> Agents::by_key(std::string_view name, const SecretString& key) const {
  NG_TRY(auto agent, by_key(key));
  if (agent.name != name)
    return refuse(
        fmt::format("key {} belongs to agent {}, not to \"{}\"", agent.subject, agent.name, visible(name.substr(0, 100))));
  return agent;
}

// ---- certificates

Result<Agent> Agents::by_certificate(std::string_view name, const CertificateFacts& certificate) const {
  const config::Agent* found = nullptr;
  for (const auto& agent : config_->agents) {
    if ((!name.empty() && agent.name != name) || !fits(agent, certificate)) continue;
    if (found) return refuse(fmt::format("the certificate fits {} and {}; name one of them", found->name, agent.name));
    found = &agent;
  }
  if (!found)
    return refuse(fmt::format("certificate {} fits no agent{}", certificate.fingerprint, name.empty() ? "" : " of that name"));
  NG_TRY_VOID(known(found->name));
  NG_TRY(const auto thumbprint, thumbprint_of(certificate));

  const bool spiffe = certificate.uris.size() == 1 && certificate.uris[0].starts_with("spiffe://");
  Agent agent;
  agent.name = found->name;
  agent.issuer = "mtls";
  agent.subject = spiffe ? certificate.uris[0] : certificate.fingerprint;
  agent.kind = spiffe ? Kind::spiffe : Kind::certificate;
  agent.assurance = Assurance::bound;
  agent.bound_key = {{"x5t#S256", thumbprint}};
  agent.owner = found->owner;
  return agent;
}

// ---- tokens

Result<const config::Agent*> Agents::owner_of_token(std::string_view name, const VerifiedToken& token) const {
  const config::Agent* found = nullptr;
  for (const auto& agent : config_->agents) {
    if ((!name.empty() && agent.name != name) || !fitting(agent, token)) continue;
    if (found) return refuse(fmt::format("the token fits {} and {}; name one of them", found->name, agent.name));
    found = &agent;
  }
  if (!found)
    return refuse(fmt::format("the token of {} with subject \"{}\" fits no identity of {}", token.issuer->name,
                              visible(token.subject),
                              name.empty() ? "any agent" : fmt::format("agent \"{}\"", visible(name.substr(0, 100)))));
  return known(found->name);
}

Result<Agent> Agents::by_token(std::string_view name, std::string_view text, const CertificateFacts* certificate) {
  NG_TRY(const auto token, tokens_.verify(text));
  NG_TRY(const auto* owner, owner_of_token(name, token));
  NG_TRY(auto bound, check_binding(token, certificate));

  Agent agent;
  agent.name = owner->name;
  agent.issuer = token.issuer->url;
  agent.subject = token.subject;
  agent.kind = kind_of(token);
  agent.assurance = bound.empty() ? Assurance::bearer : Assurance::bound;
  agent.bound_key = std::move(bound);
  agent.instance = instance_of(agent.kind, token.claims);
  agent.claims_used = fitting(*owner, token)->claims;
  agent.claims_used.merge(telling_claims(agent.kind, token.claims));
  agent.token = TokenFacts{token.jti, token.iat, token.exp};
  agent.owner = owner->owner;
  return agent;
}

Result<Agent> Agents::by_text(std::string_view name, const SecretString& text, const CertificateFacts* certificate) {
  if (looks_like_jwt(text.expose())) return by_token(name, text.expose(), certificate);
  return name.empty() ? by_key(text) : by_key(name, text);
}

}  // namespace narrowgate::identity
