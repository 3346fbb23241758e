// How we reach an upstream: where it is, and a credential of the gateway's own with an end. The client never sees either.
//
// Not here: finding the credential (one source per login kind), accounts made for a grant (accounts.h).
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/secret.h"
#include "detect/detectors.h"
#include "masking/mask.h"
#include "net/stream.h"
#include "policy/preview.h"

namespace narrowgate {

struct Lease {
  std::string user;
  SecretString password;
  std::optional<WallTime> expires;  // nullopt: as long as the password lives
};

// A resource as a protocol needs to know it in order to connect.
struct Upstream {
  std::string resource;
  net::Address address;
  std::string database;
  std::shared_ptr<const net::TlsClient> tls;  // nullptr: plain, which the configuration had to say
  std::string tls_name;                       // the name the certificate must carry
  Lease lease;                                // the gateway's own login
  std::optional<Lease> account;               // the grant's, which its sessions use instead
  std::string application_name;
  // Whether a connection may serve another client of the same grant, and until when.
  struct Warm {
    std::string grant;
    std::chrono::milliseconds keep{0};
    std::function<bool()> wanted;  // any thread; false once the grant is over
  };
  std::optional<Warm> warm;
  std::chrono::milliseconds statement_max{0};          // the upstream itself stops what runs longer; 0: no limit
  masking::Rules masking;                              // columns whose values leave masked
  std::shared_ptr<const detect::Detectors> detectors;  // of what leaves masked wherever it stands; nullptr: none
  bool raw_messages = false;                           // errors and notices pass as they are
  PreviewDepth preview = PreviewDepth::rows;           // of what a person decides about
  bool client_settings = false;                        // pass every startup setting of the client's on (examples/open)
};

}  // namespace narrowgate
