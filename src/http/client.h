// An HTTP client for few, small, careful requests: OIDC discovery and JWKS, webhooks, the CLI's calls to the admin API.
//
// Promises: certificates and names are always verified; one deadline for the whole exchange; the answer's size is bounded;
// redirects are never followed (a redirect is an answer like any other); a body whose end cannot be told from a cut is refused.
// Not here: a connection pool, cookies, proxies, compression.
#pragma once

#include "http/limits.h"
#include "http/message.h"
#include "net/stream.h"

namespace narrowgate::http {

struct Url {
  std::string scheme;  // "http" or "https"
  std::string host;    // without brackets
  std::uint16_t port = 0;
  std::string target;             // path and query, at least "/"
  std::string authority() const;  // as in the Host header
};
// Absolute, http or https, no user, no fragment.
Result<Url> parse_url(std::string_view text);

struct FetchOptions {
  std::string method = "GET";
  Headers headers;  // Host, Content-Length and Connection are set here
  std::string body;
  std::shared_ptr<const net::TlsClient> tls;  // for https; null: the system's trust store
  std::optional<net::Address> connect_to;     // instead of the URL's host and port; the name is still verified
  std::size_t body_bytes_max = limits::body_bytes_max;
  Duration at_most = limits::fetch_deadline;
};

// Any status is an answer. Errors: unreachable, not verified, too late, too large, malformed.
Task<Result<Response>> fetch(net::Loop& loop, net::Pool& resolver, std::string url, FetchOptions options);
// The same on this thread, which must not run a loop: for the CLI and for background threads.
Result<Response> fetch_blocking(const std::string& url, const FetchOptions& options);
// GET, and 200 or an error. What identity/oidc.h calls Fetch.
Result<std::string> get_blocking(const std::string& url, std::shared_ptr<const net::TlsClient> tls = nullptr,
                                 std::size_t body_bytes_max = limits::body_bytes_max);

}  // namespace narrowgate::http
