#include "http/strict.h"

#include <algorithm>

namespace narrowgate::http {
namespace {

Error malformed(const char* what) { return {Code::malformed, Blame::client, what}; }

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 18 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

Result<Done> check_lines(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return malformed("the head does not end with a line");
    const std::string_view line = head.substr(0, end);
    if (std::any_of(line.begin(), line.end(), is_control))
      return malformed("a control character or a bare line break in the head");
    if (line.starts_with(' ') || line.starts_with('\t')) return malformed("a folded header line");
    head.remove_prefix(end + 2);
  }
  return Done{};
}

Result<Done> check_framing(const Headers& headers, int minor_version) {
  const std::size_t lengths = headers.count("Content-Length"), codings = headers.count("Transfer-Encoding");
  if (lengths > 1) return malformed("more than one Content-Length");
  if (lengths == 1 && !is_number(headers.get("Content-Length"))) return malformed("Content-Length is not a number");
  if (codings == 0) return Done{};
  if (lengths > 0) return malformed("both Content-Length and Transfer-Encoding");
  if (minor_version == 0) return malformed("Transfer-Encoding in HTTP/1.0");
  if (codings == 1 && same_name(headers.get("Transfer-Encoding"), "chunked")) return Done{};
  return Error{Code::unsupported, Blame::client, "a Transfer-Encoding other than chunked"};
}

Result<Done> check_host(const Headers& headers, int minor_version) {
  const std::size_t hosts = headers.count("Host");
  if (hosts > 1) return malformed("more than one Host");
  if (hosts == 0) return minor_version == 0 ? Result<Done>(Done{}) : malformed("no Host");
  const std::string_view host = headers.get("Host");
  const bool odd = host.empty() || std::any_of(host.begin(), host.end(), [](unsigned char c) {
                     return !(std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '[' || c == ']');
                   });
  return odd ? malformed("Host is not a host") : Result<Done>(Done{});
}

}  // namespace narrowgate::http
