#include "session/identify.h"

#include "base/log.h"

namespace narrowgate::session {
namespace {

using Identified = std::variant<identity::Agent, Denial>;

// One sentence whatever was wrong: which half it was is for the log alone.
Denial not_accepted() {
  Denial denial;
  denial.code = DenialCode::identity;
  denial.message = "identity not accepted";
  denial.hint =
      "Check the agent's name and its key or token. A token needs the gateway as its audience; a key may have been revoked.";
  denial.retry = "never";
  return denial;
}

Denial refused(const Hello& hello, const Conversation& conversation, const Error& why) {
  log_warning("identity refused", {{"agent", hello.agent}, {"peer", conversation.peer().to_string()}, {"why", why.detail}});
  return not_accepted();
}

// A proof by certificate needs no question. `offer` and `accepted` outlive the exchange.
Challenge scram_challenge(const identity::Agents& agents, const identity::ScramOffer& offer,
                          std::optional<identity::Agent>& accepted) {
  return AskScram{offer.salt, offer.iterations,
                  [&agents, &offer, &accepted](std::string_view message, ByteView proof) -> std::optional<Digest> {
                    auto result = agents.by_scram(offer, message, proof);
                    if (!result.ok()) return std::nullopt;
                    accepted = std::move(result->agent);
                    return result->server_signature;
                  }};
}

}  // namespace

Task<Result<Identified>> identify(const Gateway& gateway, Conversation& conversation, net::Loop& loop, const Hello& hello) {
  std::optional<identity::CertificateFacts> certificate;
  if (const auto tls = conversation.tls(); tls && tls->peer_subject) {
    certificate = identity::CertificateFacts{tls->peer_fingerprint, tls->peer_uris};
    Result<identity::Agent> agent = gateway.agents.by_certificate(hello.agent, *certificate);
    if (agent.ok()) co_return Identified(std::move(agent).take());
  }

  if (gateway.agents.ask(hello.agent) == identity::Ask::scram) {
    const identity::ScramOffer offer = gateway.agents.scram_offer(hello.agent);
    std::optional<identity::Agent> accepted;
    Result<Proof> proof = co_await conversation.prove(scram_challenge(gateway.agents, offer, accepted));
    if (!proof.ok() && proof.error().code != Code::refused) co_return proof.error();
    if (!proof.ok() || !accepted)
      co_return Identified(
          refused(hello, conversation, proof.ok() ? Error{Code::bug, Blame::gateway, "no agent"} : proof.error()));
    co_return Identified(std::move(*accepted));
  }

  const AskToken ask;
  Result<Proof> proof = co_await conversation.prove(ask);
  if (!proof.ok() && proof.error().code != Code::refused) co_return proof.error();
  if (!proof.ok()) co_return Identified(refused(hello, conversation, proof.error()));
  const SecretString text = std::get<SecretString>(std::move(proof).take());
  // A token may need its issuer's keys, which is a fetch: off the loop.
  const identity::CertificateFacts* shown = certificate ? &*certificate : nullptr;
  const auto look_up = [&] { return gateway.agents.by_text(hello.agent, text, shown); };
  Result<identity::Agent> agent = co_await gateway.pool.run(loop, look_up);
  if (!agent.ok()) co_return Identified(refused(hello, conversation, agent.error()));
  co_return Identified(std::move(agent).take());
}

}  // namespace narrowgate::session
