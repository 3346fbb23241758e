// JSON, read strictly: duplicate keys, deep nesting and trailing text are errors, because two readers that disagree are a hole.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace narrowgate {

namespace json = boost::json;

// Blame::client names the byte where it stopped.
Result<json::value> parse_json(std::string_view text);

// RFC 8785 (JCS): sorted keys, no blanks, shortest numbers. What digests are taken of. Integers and strings only need apply:
// a double with a fraction is refused by NG_CHECK, since nothing we digest has one.
std::string canonical(const json::value& value);

// Lookups that say what was wrong: `what` names the document ("approval request").
Result<std::string> string_at(const json::object& object, std::string_view key, std::string_view what);

}  // namespace narrowgate
