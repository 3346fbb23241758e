// PostgreSQL, protocol version 3.
//
// Lets psql, drivers and agents reach a PostgreSQL resource through the gateway. The client logs in to the gateway; the gateway
// logs in upstream with a lease. The two logins never share a secret.
//
//   client                 gateway                     upstream
//     │── SSLRequest ─────────▶│                            │
//     │── StartupMessage ─────▶│ identify, decide(open)     │
//     │◀─ AuthenticationOk ────│── StartupMessage + lease ─▶│
//     │── Parse/Bind/Execute ─▶│ classify, decide, record   │
//     │                        │── the same, written anew ─▶│
//     │◀─ ErrorResponse 42501 ─│ (denied: upstream never hears of it)
//
// Promises:
//  - A statement is forwarded only whole, and only inside a Permitted. What is sent was written by us from what was decoded.
//  - A refusal inside a pipeline has the effect an error of the server's would have had: the transaction fails, and messages up
//  to Sync
//    are discarded.
//  - The client's answers come in order, and each is the answer to what it asked.
//  - Bind values are recorded as the resource's configuration says and never logged.
// Not here: replication and COPY BOTH (refused with 0A000), GSSAPI encryption (refused politely), what a statement means (sql/).
//
// Read wire/ for bytes, greeting.h for the login, answers.h for what is owed, conversation.h for all of it.
// Spec: https://www.postgresql.org/docs/current/protocol.html
#pragma once

#include <memory>

#include "masking/mask.h"
#include "protocol/postgres/catalogs.h"
#include "protocol/postgres/greeting.h"
#include "protocol/postgres/warm.h"
#include "protocol/protocol.h"

namespace narrowgate::postgres {

// All but the options outlive it, and it outlives its conversations.
std::unique_ptr<Protocol> make_postgres(GreetingOptions options, Catalogs& catalogs, WarmUpstreams& warm, net::Pool& pool,
                                        const masking::Masks& masks, const Clock& clock);

}  // namespace narrowgate::postgres
