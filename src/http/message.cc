#include "http/message.h"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <algorithm>

#include "http/strict.h"

namespace narrowgate::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? char(c + ('a' - 'A')) : c; }

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

// The next piece before `separator`; shortens `rest` past it.
std::string_view next_piece(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view piece = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return piece;
}

bool breaks_line(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

void write_headers(std::string& out, const Headers& headers) {
  for (const auto& [name, value] : headers) {
    NG_CHECK(is_token(name) && !breaks_line(value));
    out.append(name).append(": ").append(value).append("\r\n");
  }
  out += "\r\n";
}

unsigned status_of(Code code) {
  switch (code) {
    case Code::truncated:
    case Code::malformed: return 400;
    case Code::too_large: return 413;
    case Code::unsupported: return 501;
    case Code::refused: return 403;
    case Code::not_found: return 404;
    case Code::conflict: return 409;
    case Code::timed_out: return 504;
    case Code::closed:
    case Code::unavailable: return 503;
    case Code::bug: return 500;
  }
  return 500;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [each, value] : fields_) {
    if (same_name(each, name)) return value;
  }
  return {};
}

std::size_t Headers::count(std::string_view name) const {
  return std::size_t(
      std::count_if(fields_.begin(), fields_.end(), [&](const auto& field) { return same_name(field.first, name); }));
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const auto& field) { return same_name(field.first, name); });
}

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

bool Headers::lists(std::string_view name, std::string_view token) const {
  for (const auto& [each, value] : fields_) {
    if (!same_name(each, name)) continue;
    for (std::string_view rest = value; !rest.empty();) {
      if (same_name(trim(next_piece(rest, ',')), token)) return true;
    }
  }
  return false;
}

std::optional<std::string_view> Request::query_value(std::string_view name) const {
  for (const auto& [each, value] : query) {
    if (each == name) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (!same_name(each, "Cookie")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      std::string_view pair = trim(next_piece(rest, ';'));
      if (trim(next_piece(pair, '=')) == name) return trim(pair);
    }
  }
  return std::nullopt;
}

Response text_response(unsigned status, std::string body, std::string content_type) {
  return {status, {{"Content-Type", std::move(content_type)}}, std::move(body)};
}

Response json_response(unsigned status, const json::value& body) {
  return text_response(status, json::serialize(body), "application/json");
}

Response problem(unsigned status, std::string_view detail, std::string_view type, json::object more) {
  json::object body{{"status", status}, {"title", reason_phrase(status)}};
  if (!type.empty()) body["type"] = type;
  if (!detail.empty()) body["detail"] = detail;
  for (auto& [name, value] : more) body[name] = std::move(value);
  return text_response(status, json::serialize(body), "application/problem+json");
}

Response problem_of(const Error& error) { return problem(status_of(error.code), ""); }

std::string write_head(const Request& request) {
  NG_CHECK(is_token(request.method) && request.target.find(' ') == std::string::npos && !breaks_line(request.target));
  std::string out = fmt::format("{} {} HTTP/1.1\r\n", request.method, request.target);
  write_headers(out, request.headers);
  return out;
}

std::string write_head(const Response& response) {
  NG_CHECK(response.status >= 100 && response.status <= 999);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  write_headers(out, response.headers);
  return out;
}

}  // namespace narrowgate::http
