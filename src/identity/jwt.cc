#include "identity/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace narrowgate::identity {
namespace {

constexpr std::size_t name_bytes_max = 200;  // of alg, kid and typ

Error refuse(std::string_view why) { return {Code::refused, Blame::client, fmt::format("token: {}", why)}; }

struct Parts {
  std::string_view header, claims;
};

Result<Parts> split(std::string_view token) {
  if (token.size() > token_bytes_max) return refuse("is longer than 16 KiB");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return refuse("is not three parts");
  if (second + 1 == token.size()) return refuse("is not signed");
  if (!from_base64url(token.substr(second + 1)).ok()) return refuse("signature is not base64url");
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1)};
}

Result<json::object> decode_part(std::string_view part, std::string_view what) {
  const auto bytes = from_base64url(part);
  if (!bytes.ok()) return refuse(fmt::format("{} is not base64url", what));
  auto value = parse_json(as_text(*bytes));
  if (!value.ok()) return refuse(fmt::format("{} is not JSON: {}", what, value.error().detail));
  if (!value->is_object()) return refuse(fmt::format("{} is not an object", what));
  return std::move(value->as_object());
}

// A string member; "" when absent.
Result<std::string> header_text(const json::object& header, std::string_view name) {
  const auto* value = header.if_contains(name);
  if (!value) return std::string();
  if (!value->is_string() || value->as_string().size() > name_bytes_max)
    return refuse(fmt::format("header {} is not a short text", name));
  return std::string(value->as_string());
}

// Headers that bring or point at a key, change how the token is read, or must be understood.
Result<Done> check_header(const json::object& header) {
  for (const auto* name : {"jku", "x5u", "jwk", "x5c", "crit", "b64", "zip"})
    if (header.contains(name)) return refuse(fmt::format("header {} is not accepted", name));
  return Done{};
}

Result<Done> check_algorithm(std::string_view algorithm) {
  if (std::find(std::begin(token_algorithms), std::end(token_algorithms), algorithm) == std::end(token_algorithms))
    return refuse(fmt::format("algorithm \"{}\" is not accepted", visible(algorithm)));
  return Done{};
}

}  // namespace

Result<Jwt> unpack_jwt(std::string_view token) {
  NG_TRY(const auto parts, split(token));
  Jwt jwt;
  NG_TRY(jwt.header, decode_part(parts.header, "header"));
  NG_TRY_VOID(check_header(jwt.header));
  NG_TRY(jwt.alg, header_text(jwt.header, "alg"));
  NG_TRY_VOID(check_algorithm(jwt.alg));
  NG_TRY(jwt.kid, header_text(jwt.header, "kid"));
  NG_TRY(jwt.typ, header_text(jwt.header, "typ"));
  NG_TRY(jwt.claims, decode_part(parts.claims, "payload"));
  return jwt;
}

bool looks_like_jwt(std::string_view text) { return text.starts_with("eyJ") && std::count(text.begin(), text.end(), '.') == 2; }

std::optional<std::string> claim_text(const json::object& claims, std::string_view path) {
  const json::value* value = nullptr;
  if (path.starts_with('/')) {
    json::error_code failed;
    const json::value root(claims);  // find_pointer is a member of values
    if (const auto* found = root.find_pointer(path, failed)) return claim_text(json::object{{"_", *found}}, "_");
    return std::nullopt;
  }
  value = claims.if_contains(path);
  if (!value) return std::nullopt;
  if (value->is_string()) return std::string(value->as_string());
  if (value->is_int64()) return std::to_string(value->as_int64());
  if (value->is_uint64()) return std::to_string(value->as_uint64());
  if (value->is_bool()) return value->as_bool() ? "true" : "false";
  return std::nullopt;
}

}  // namespace narrowgate::identity
