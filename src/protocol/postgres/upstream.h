// The gateway's own end: connecting and logging in upstream, and asking the upstream to cancel.
#pragma once

#include <memory>
#include <optional>

#include "credentials/lease.h"
#include "net/stream.h"
#include "protocol/postgres/wire/upstream_login.h"

namespace narrowgate::postgres {

struct OpenedUpstream {
  std::unique_ptr<net::Stream> stream;
  UpstreamSession session;
  std::optional<UpstreamRefusal> refusal;  // set instead of the two above when the upstream said no
};

// TCP, TLS as `upstream` demands, login (quicker with a memory, which outlives it). An upstream that says no is an answer (its
// words matter to the client), not an error.
Task<Result<OpenedUpstream>> open_upstream(net::Loop& loop, net::Pool& pool, const Upstream& upstream,
                                           std::vector<Setting> settings, Duration at_most, ScramMemory* memory = nullptr);

// A CancelRequest over a connection of its own, as the protocol wants it. Returns once the upstream has taken it.
Task<Result<Done>> cancel_upstream(net::Loop& loop, net::Pool& pool, const Upstream& upstream, std::int32_t process, Bytes key,
                                   Duration at_most);

}  // namespace narrowgate::postgres
