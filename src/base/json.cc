#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/src.hpp>
#include <set>
#include <vector>

namespace narrowgate {
namespace {

// Sees every key as it goes by, so that the second one of a pair is an error and not the winner.
struct DuplicateKeys {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  std::vector<std::set<std::string, std::less<>>> open;
  std::string part;
  std::string duplicate;

  bool on_object_begin(json::error_code&) { return open.emplace_back(), true; }
  bool on_object_end(std::size_t, json::error_code&) { return open.pop_back(), true; }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return part.append(s.data(), s.size()), true; }
  bool on_key(json::string_view s, std::size_t, json::error_code& failed) {
    part.append(s.data(), s.size());
    if (!open.back().insert(std::exchange(part, {})).second) {
      duplicate.assign(s.data(), s.size());
      failed = json::error::syntax;
      return false;
    }
    return true;
  }
  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t, json::error_code&) { return true; }
  bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
  bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
  bool on_double(double, json::string_view, json::error_code&) { return true; }
  bool on_bool(bool, json::error_code&) { return true; }
  bool on_null(json::error_code&) { return true; }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

std::string_view text_of(const json::string& s) { return {s.data(), s.size()}; }

void write_canonical(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    std::vector<const json::key_value_pair*> pairs;
    for (const auto& pair : *object) pairs.push_back(&pair);
    std::sort(pairs.begin(), pairs.end(), [](auto* a, auto* b) { return a->key() < b->key(); });
    out += '{';
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      if (i) out += ',';
      out += json::serialize(pairs[i]->key());
      out += ':';
      write_canonical(pairs[i]->value(), out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i) out += ',';
      write_canonical((*array)[i], out);
    }
    out += ']';
  } else {
    NG_CHECK(!value.is_double());
    out += json::serialize(value);
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::basic_parser<DuplicateKeys> check{json::parse_options{}};
  json::error_code failed;
  const std::size_t read = check.write_some(false, text.data(), text.size(), failed);
  if (!check.handler().duplicate.empty())
    return Error{Code::malformed, Blame::client,
                 fmt::format("JSON: key \"{}\" appears twice; give it once", check.handler().duplicate)};
  if (!failed && read != text.size() && text.substr(read).find_first_not_of(" \t\r\n") != std::string_view::npos)
    failed = json::error::extra_data;
  json::value value;
  if (!failed) value = json::parse(json::string_view(text.data(), text.size()), failed);
  if (failed) return Error{Code::malformed, Blame::client, fmt::format("JSON: {} near byte {}", failed.message(), read)};
  return value;
}

std::string canonical(const json::value& value) {
  std::string out;
  write_canonical(value, out);
  return out;
}

Result<std::string> string_at(const json::object& object, std::string_view key, std::string_view what) {
  const auto* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || !value->is_string())
    return Error{Code::malformed, Blame::client, fmt::format("{}: \"{}\" is missing or not a string", what, key)};
  return std::string(text_of(value->get_string()));
}

}  // namespace narrowgate
