#include "approval/text_json.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"

namespace narrowgate::approval {
namespace {

const json::value* member(const json::object& object, std::string_view name) {
  return object.if_contains({name.data(), name.size()});
}
std::string in_base64(std::string_view name) { return std::string(name) + "_b64"; }
Error missing(std::string_view name) {
  return {Code::malformed, Blame::gateway, fmt::format("stored approval: \"{}\" is missing or not what it should be", name)};
}

Result<std::string> text_of(const json::value& value, std::string_view name) {
  if (!value.is_string()) return missing(name);
  return std::string(value.get_string().data(), value.get_string().size());
}

Result<std::string> bytes_of(const json::value& value, std::string_view name) {
  NG_TRY(const std::string text, text_of(value, name));
  NG_TRY(const Bytes bytes, from_base64(text));
  return std::string(as_text(bytes));
}

}  // namespace

void put_text(json::object& object, std::string_view name, std::string_view bytes) {
  if (is_utf8(bytes)) {
    object[json::string_view(name.data(), name.size())] = json::string(bytes.data(), bytes.size());
  } else {
    object[in_base64(name)] = to_base64(as_bytes(bytes));
  }
}

void put_texts(json::object& object, std::string_view name, const std::vector<std::string>& list) {
  const bool plain = std::all_of(list.begin(), list.end(), [](const auto& text) { return is_utf8(text); });
  json::array out;
  for (const auto& text : list) out.emplace_back(plain ? text : to_base64(as_bytes(text)));
  object[plain ? std::string(name) : in_base64(name)] = std::move(out);
}

Result<std::string> get_text(const json::object& object, std::string_view name) {
  if (const auto* plain = member(object, name)) return text_of(*plain, name);
  if (const auto* coded = member(object, in_base64(name))) return bytes_of(*coded, name);
  return missing(name);
}

Result<std::vector<std::string>> get_texts(const json::object& object, std::string_view name) {
  const auto* plain = member(object, name);
  const auto* list = plain != nullptr ? plain : member(object, in_base64(name));
  if (list == nullptr || !list->is_array()) return missing(name);
  std::vector<std::string> out;
  for (const auto& item : list->get_array()) {
    NG_TRY(std::string text, plain != nullptr ? text_of(item, name) : bytes_of(item, name));
    out.push_back(std::move(text));
  }
  return out;
}

}  // namespace narrowgate::approval
