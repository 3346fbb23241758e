#include "http/strict.h"

#include <algorithm>
#include <charconv>

namespace narrowgate::http {
namespace {

Error malformed(const char* what) { return {Code::malformed, Blame::client, what}; }

bool is_alphanumeric(unsigned char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::optional<std::uint64_t> to_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  const auto fits = [&](char c) {
    return is_alphanumeric(static_cast<unsigned char>(c)) || marks.find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), fits);
}

bool is_field_text(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

Result<Done> check_lines(std::string_view head) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    if (end == std::string_view::npos) return malformed("the head does not end with a line");
    const std::string_view line = head.substr(0, end);
    if (!is_field_text(line)) return malformed("a control character or a bare line break in the head");
    if (line.starts_with(' ') || line.starts_with('\t')) return malformed("a folded header line");
    head.remove_prefix(end + 2);
  }
  return Done{};
}

Result<Extent> extent_of(const Headers& headers, int minor_version) {
  const std::size_t lengths = headers.count("Content-Length"), codings = headers.count("Transfer-Encoding");
  if (lengths > 1) return malformed("more than one Content-Length");
  if (lengths == 1 && codings > 0) return malformed("both Content-Length and Transfer-Encoding");
  if (lengths == 1) {
    const auto number = to_number(headers.get("Content-Length"));
    return number ? Result<Extent>(Extent{Extent::Kind::length, *number}) : malformed("Content-Length is not a number");
  }
  if (codings == 0) return Extent{};
  if (minor_version == 0) return malformed("Transfer-Encoding in HTTP/1.0");
  if (codings > 1) return malformed("more than one Transfer-Encoding");
  if (same_name(headers.get("Transfer-Encoding"), "chunked")) return Extent{Extent::Kind::chunks, 0};
  return Error{Code::unsupported, Blame::client, "a Transfer-Encoding other than chunked"};
}

Result<Done> check_host(const Headers& headers, int minor_version) {
  const std::size_t hosts = headers.count("Host");
  if (hosts > 1) return malformed("more than one Host");
  if (hosts == 0) return minor_version == 0 ? Result<Done>(Done{}) : malformed("no Host");
  const std::string_view host = headers.get("Host"), marks = ".-_:[]";
  const bool odd = host.empty() || std::any_of(host.begin(), host.end(), [&](char c) {
                     return !is_alphanumeric(static_cast<unsigned char>(c)) && marks.find(c) == std::string_view::npos;
                   });
  return odd ? malformed("Host is not a host") : Result<Done>(Done{});
}

}  // namespace narrowgate::http
