#include <fmt/format.h>

#include <algorithm>

#include "http/client.h"

namespace narrowgate::http {
namespace {

Error bad_url(std::string_view text, std::string_view why) {
  return {Code::malformed, Blame::client, fmt::format("URL {:?}: {}; write https://host[:port]/path", text, why)};
}

std::uint16_t default_port(std::string_view scheme) { return scheme == "https" ? 443 : 80; }

}  // namespace

std::string Url::authority() const {
  const std::string shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == default_port(scheme) ? shown : fmt::format("{}:{}", shown, port);
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return bad_url(text, "it has no scheme");
  url.scheme = text.substr(0, colon);
  if (url.scheme != "http" && url.scheme != "https") return bad_url(text, "its scheme is neither http nor https");

  std::string_view rest = text.substr(colon + 3);
  const bool odd = std::any_of(rest.begin(), rest.end(),
                               [](unsigned char c) { return c <= 0x20 || c >= 0x7f || c == '#' || c == '\\' || c == '"'; });
  if (odd) return bad_url(text, "it has a blank, a fragment or another character that must be percent-encoded");
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  std::string authority(rest.substr(0, end));
  url.target = rest.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (authority.find('@') != std::string::npos) return bad_url(text, "it names a user");

  const bool has_port =
      authority.find(':', authority.rfind(']') == std::string::npos ? 0 : authority.rfind(']')) != std::string::npos;
  if (!has_port) authority += fmt::format(":{}", default_port(url.scheme));
  const auto address = net::parse_address(authority);
  if (!address.ok() || address->host.empty() || address->port == 0) return bad_url(text, "its host or port is not one");
  url.host = address->host;
  url.port = address->port;
  return url;
}

}  // namespace narrowgate::http
