// HTTP messages as plain values.
//
// What the reader lets through is normal: a method and header names of token characters, no line breaks in values, a path split
// at its slashes and decoded exactly once, so that nobody has to ask whether "%2F" or ".." was meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace narrowgate::http {

// In order of arrival; names compare without case.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<std::pair<std::string, std::string>> fields) : fields_(fields) {}

  std::string_view get(std::string_view name) const;  // the first; "" if there is none. Borrows from this
  bool has(std::string_view name) const { return count(name) > 0; }
  std::size_t count(std::string_view name) const;
  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  void set(std::string name, std::string value);  // instead of all that are there
  void remove(std::string_view name);
  bool lists(std::string_view name, std::string_view token) const;  // "Connection: keep-alive, Upgrade" lists upgrade

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool same_name(std::string_view a, std::string_view b);  // ASCII, without case

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target = "/";       // as sent: path and query
  std::vector<std::string> path;  // decoded segments: "/a/b%20c" is {"a", "b c"}; "/" is {}
  bool directory = false;         // the path ends with a slash
  Fields query;                   // decoded, in order
  Headers headers;
  std::string body;
  int minor_version = 1;  // HTTP/1.minor

  std::optional<std::string_view> query_value(std::string_view name) const;  // the first; borrows
  std::optional<std::string_view> cookie(std::string_view name) const;       // borrows
};

struct Response {
  unsigned status = 200;
  Headers headers;
  std::string body;
};

// Splits and decodes a target in origin form ("/a?b=c") into path and query. Blame::client says what is wrong with it: "." and
// ".." segments, bad percent-encoding, control characters and text that is not UTF-8 are refused, empty segments too.
Result<Done> parse_target(std::string_view target, Request& into);
std::string percent_encode(std::string_view text);  // for one segment or one query value

std::string_view reason_phrase(unsigned status);

Response text_response(unsigned status, std::string body, std::string content_type = "text/plain; charset=utf-8");
Response json_response(unsigned status, const json::value& body);
// RFC 9457 application/problem+json. `type` is a URI reference; empty: about:blank, and then the title is the status's own.
Response problem(unsigned status, std::string_view detail, std::string_view type = {}, json::object more = {});
// One Error as one problem: the status by its code, never its detail, which is for operators.
Response problem_of(const Error& error);

// The head as bytes: request line or status line, headers, the empty line. NG_CHECKs that nothing in it can break a line.
std::string write_head(const Request& request);
std::string write_head(const Response& response);

}  // namespace narrowgate::http
