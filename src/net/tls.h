// TLS contexts by OpenSSL 3. Safe as they come: TLS 1.2 and up, server certificates and names always verified. There is no
// switch that skips verification.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace narrowgate::net {

struct TlsInfo {
  std::string version;                      // "TLSv1.3"
  std::string alpn;                         // "" if none was negotiated
  std::optional<std::string> peer_subject;  // of the other side's certificate, which verified; RFC 2253
  std::vector<std::string> peer_uris;       // URI SANs (SPIFFE)
  std::vector<std::string> peer_names;      // DNS SANs
  std::string peer_fingerprint;             // sha256:<hex> of the DER
  Bytes server_end_point;                   // RFC 5929 tls-server-end-point
};

struct TlsServerOptions {
  std::string certificate_pem, key_pem;  // contents, not paths
  std::string client_ca_pem;             // empty: clients are not asked for a certificate
  std::vector<std::string> alpn;         // offered; a client that offers ALPN and none of these is refused
};
struct TlsClientOptions {
  std::string ca_pem;                    // empty: the system's trust store
  std::string certificate_pem, key_pem;  // empty: no client certificate
  std::vector<std::string> alpn;
};

class TlsServer {
 public:
  static Result<std::shared_ptr<const TlsServer>> create(const TlsServerOptions& options);
  virtual ~TlsServer() = default;

 private:
  friend struct TlsServerContext;
  TlsServer() = default;
};
class TlsClient {
 public:
  static Result<std::shared_ptr<const TlsClient>> create(const TlsClientOptions& options);
  virtual ~TlsClient() = default;

 private:
  friend struct TlsClientContext;
  TlsClient() = default;
};

// A certificate authority of our own for a first run: made once in `folder` (ca.pem for clients, ca.key 0600), signs a server
// certificate for `names` (DNS names and IP addresses; server.pem, server.key 0600). Returns what a TlsServer needs; re-issued
// within 30 days of its end or when names change. Blocking.
struct OwnCertificate {
  std::string ca_pem, certificate_pem, key_pem;
};
Result<OwnCertificate> own_certificate(const std::string& folder, const std::vector<std::string>& names);

}  // namespace narrowgate::net
