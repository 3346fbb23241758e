// The first words with a client: TLS, the startup packet, the proof of identity. Contacts no upstream.
#pragma once

#include <optional>

#include "protocol/postgres/cancel_keys.h"
#include "protocol/postgres/client_side.h"
#include "protocol/postgres/reader.h"
#include "protocol/postgres/wire/refusal.h"
#include "protocol/postgres/wire/startup.h"
#include "protocol/protocol.h"

namespace narrowgate::postgres {

enum class Plaintext : std::uint8_t { refused, allowed };

struct GreetingOptions {
  std::shared_ptr<const net::TlsServer> tls;  // nullptr: SSLRequest is answered with 'N'
  Plaintext plaintext = Plaintext::refused;
};

// The client's StartupMessage, once it may be believed to be all there is. nullopt: it was a cancel request, or a protocol we
// cannot speak, and everything was said. A client that must be told no is told so here.
Task<Result<std::optional<StartupMessage>>> greet_client(ClientSide& client, Reader& reader, const GreetingOptions& options,
                                                         CancelKeys& cancel_keys);

// Asks for the proof that `challenge` wants.
Task<Result<Proof>> prove_client(ClientSide& client, Reader& reader, Challenge challenge);

// FATAL, then close.
Task<void> dismiss_client(ClientSide& client, Refusal refusal);

// user = agent or agent/template; settings narrowgate.task, .reason, .ticket; the rest is for the upstream.
struct Introduction {
  Hello hello;
  std::uint16_t minor = 0;  // of protocol 3, as agreed
  std::vector<Setting> settings;
};
Result<Introduction> introduce(const StartupMessage& startup);

// A NOTICE of the gateway's.
Refusal notice_of(std::string text);

}  // namespace narrowgate::postgres
