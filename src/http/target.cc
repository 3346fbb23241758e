#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "http/limits.h"
#include "http/message.h"

namespace narrowgate::http {
namespace {

Error odd(std::string_view what) { return {Code::malformed, Blame::client, fmt::format("the request target has {}", what)}; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { itself, blank };

// Exactly once: "%252F" is the text "%2F".
Result<std::string> decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::blank) c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1, low = high >= 0 ? hex_value(text[i + 2]) : -1;
      if (low < 0) return odd("a percent sign without two hex digits");
      c = char(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return odd("a control character");
    out += c;
  }
  if (!is_utf8(out)) return odd("text that is not UTF-8");
  return out;
}

Result<Done> add_segment(std::string_view text, Request& into) {
  if (text.empty()) return odd("an empty path segment");
  NG_TRY(std::string segment, decode(text, Plus::itself));
  if (segment == "." || segment == "..") return odd("a dot segment");
  if (into.path.size() == limits::path_segments_max) return odd("too many path segments");
  into.path.push_back(std::move(segment));
  return Done{};
}

Result<Done> parse_path(std::string_view path, Request& into) {
  if (!path.starts_with('/')) return odd("no leading slash");
  path.remove_prefix(1);
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    NG_TRY_VOID(add_segment(path.substr(0, slash), into));
    into.directory = slash == path.size() - 1;
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return Done{};
}

Result<Done> parse_query(std::string_view query, Request& into) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view field = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    if (field.empty()) continue;
    if (into.query.size() == limits::query_fields_max) return odd("too many query fields");
    const std::size_t equals = field.find('=');
    NG_TRY(std::string name, decode(field.substr(0, equals), Plus::blank));
    NG_TRY(std::string value,
           equals == std::string_view::npos ? Result(std::string()) : decode(field.substr(equals + 1), Plus::blank));
    into.query.emplace_back(std::move(name), std::move(value));
  }
  return Done{};
}

}  // namespace

Result<Done> parse_target(std::string_view target, Request& into) {
  into.path.clear();
  into.query.clear();
  into.directory = target == "/" || target.starts_with("/?");
  if (target.find('#') != std::string_view::npos) return odd("a fragment");
  const std::size_t question = target.find('?');
  NG_TRY_VOID(parse_path(target.substr(0, question), into));
  return question == std::string_view::npos ? Result<Done>(Done{}) : parse_query(target.substr(question + 1), into);
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const unsigned char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
                       c == '_' || c == '~';
    plain ? out += char(c) : out += fmt::format("%{:02X}", c);
  }
  return out;
}

}  // namespace narrowgate::http
