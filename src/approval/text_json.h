// Exact bytes in JSON: UTF-8 as a string, anything else in base64 under the name with "_b64", so that two byte strings never look
// the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace narrowgate::approval {

void put_text(json::object& object, std::string_view name, std::string_view bytes);
void put_texts(json::object& object, std::string_view name, const std::vector<std::string>& list);
Result<std::string> get_text(const json::object& object, std::string_view name);
Result<std::vector<std::string>> get_texts(const json::object& object, std::string_view name);

}  // namespace narrowgate::approval
