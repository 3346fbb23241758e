// The grammar of object patterns, reading and printing.
//
//   pattern    = name "." name [ "(" column { "," column } ")" ]
//   name       = "*" | identifier
//   identifier = plain | quoted          plain: [a-z_][a-z0-9_$]*   quoted: "any ""text"""
//
// Blanks may stand around columns. A table that is really called * cannot be told from the wildcard, so it is refused.
#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "grant/scope.h"

namespace narrowgate::grant {
namespace {

bool starts_plain(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool continues_plain(char c) { return starts_plain(c) || (c >= '0' && c <= '9') || c == '$'; }

bool is_plain(std::string_view name) {
  return !name.empty() && starts_plain(name.front()) && std::all_of(name.begin(), name.end(), continues_plain);
}

class PatternReader {
 public:
  explicit PatternReader(std::string_view text) : text_(text) {}

  Result<ObjectPattern> read() {
    ObjectPattern pattern;
    NG_TRY(pattern.schema, read_name("schema"));
    if (!take('.')) return fault("needs a schema and a name with a dot between them, as in public.refunds or public.*");
    NG_TRY(pattern.name, read_name("name"));
    skip_blanks();
    if (take('(')) NG_TRY_VOID(read_columns(pattern.columns));
    skip_blanks();
    if (at_ != text_.size()) return fault("goes on after its end; quote names that are not plain lower case: \"Order Lines\"");
    return pattern;
  }

 private:
  Error fault(std::string_view what) const {
    constexpr std::size_t shown_max = 80;
    const auto shown = visible(text_.substr(0, shown_max));
    return {Code::malformed, Blame::client,
            fmt::format("object pattern \"{}{}\", byte {}: {}", shown, text_.size() > shown_max ? "…" : "", at_ + 1, what)};
  }

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    return ++at_, true;
  }
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  Result<std::string> read_name(std::string_view part) {
    if (take('*')) return std::string("*");
    NG_TRY(std::string name, read_identifier(part));
    if (name == "*") return fault(fmt::format("a {} that is really called * cannot be named; rename it, or use *", part));
    return name;
  }

  Result<std::string> read_identifier(std::string_view part) {
    std::string name;
    if (take('"')) {
      NG_TRY(name, read_quoted());
    } else {
      const auto start = at_;
      while (at_ < text_.size() && (at_ == start ? starts_plain(text_[at_]) : continues_plain(text_[at_]))) ++at_;
      name = text_.substr(start, at_ - start);
    }
    if (name.empty())
      return fault(fmt::format("a {} is missing; write names that are not plain lower case in double quotes", part));
    if (name.size() > identifier_bytes_max) return fault(fmt::format("a {} has at most {} bytes", part, identifier_bytes_max));
    return name;
  }

  Result<std::string> read_quoted() {
    std::string name;
    for (;;) {
      const auto end = text_.find('"', at_);
      if (end == std::string_view::npos) return fault("a double quote is not closed");
      name += text_.substr(at_, end - at_);
      at_ = end + 1;
      if (!take('"')) return name;
      name += '"';
    }
  }

  Result<Done> read_columns(std::set<std::string>& columns) {
    do {
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == '*') return fault("for every column leave the list out");
      NG_TRY(std::string column, read_identifier("column"));
      columns.insert(std::move(column));
      if (columns.size() > columns_max) return fault(fmt::format("a list has at most {} columns", columns_max));
      skip_blanks();
    } while (take(','));
    if (!take(')')) return fault("the column list is not closed; write as in public.customers(id, name)");
    return Done{};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void print_identifier(std::string& out, std::string_view name) {
  if (is_plain(name)) {
    out += name;
    return;
  }
  out += '"';
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void print_name(std::string& out, std::string_view name) {
  if (name == "*") {
    out += name;
  } else {
    print_identifier(out, name);
  }
}

// "*" against a name, on either side.
std::optional<std::string> meet_names(const std::string& a, const std::string& b) {
  if (a == b || b == "*") return a;
  if (a == "*") return b;
  return std::nullopt;
}

bool star_against_system(const std::string& a, const std::string& b) {
  return (a == "*" && is_system_schema(b)) || (b == "*" && is_system_schema(a));
}

}  // namespace

bool is_system_schema(std::string_view schema) { return schema.starts_with("pg_") || schema == "information_schema"; }

Result<ObjectPattern> ObjectPattern::parse(std::string_view text) {
  if (text.size() > pattern_bytes_max)
    return Error{
        Code::too_large, Blame::client,
        fmt::format("object pattern of {} bytes: at most {} are read; name fewer columns", text.size(), pattern_bytes_max)};
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos)
    return Error{Code::malformed, Blame::client,
                 fmt::format("object pattern \"{}\" is not text in UTF-8", visible(text.substr(0, 80)))};
  return PatternReader(text).read();
}

std::string ObjectPattern::to_string() const {
  std::string out;
  print_name(out, schema);
  out += '.';
  print_name(out, name);
  std::string_view separator = "(";
  for (const auto& column : columns) {
    out += separator;
    print_identifier(out, column);
    separator = ", ";
  }
  if (!columns.empty()) out += ')';
  return out;
}

std::optional<ObjectPattern> intersect(const ObjectPattern& a, const ObjectPattern& b) {
  if (star_against_system(a.schema, b.schema)) return std::nullopt;
  auto schema = meet_names(a.schema, b.schema);
  auto name = schema ? meet_names(a.name, b.name) : std::nullopt;
  if (!name) return std::nullopt;
  if (a.columns.empty() || b.columns.empty())
    return ObjectPattern{std::move(*schema), std::move(*name), a.columns.empty() ? b.columns : a.columns};
  std::set<std::string> both;
  std::set_intersection(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), std::inserter(both, both.end()));
  if (both.empty()) return std::nullopt;  // an empty set would mean every column
  return ObjectPattern{std::move(*schema), std::move(*name), std::move(both)};
}

bool subset(const ObjectPattern& inner, const ObjectPattern& outer) {
  if (outer.schema != inner.schema && (outer.schema != "*" || is_system_schema(inner.schema))) return false;
  if (outer.name != "*" && outer.name != inner.name) return false;
  if (outer.columns.empty()) return true;
  return !inner.columns.empty() &&
         std::includes(outer.columns.begin(), outer.columns.end(), inner.columns.begin(), inner.columns.end());
}

}  // namespace narrowgate::grant
