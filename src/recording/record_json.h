// A record as JSON, for reading only: text that is not UTF-8 is shown with escapes.
#pragma once

#include "base/json.h"
#include "recording/reader.h"

namespace narrowgate::recording {

json::object json_of(const Place& place, const Record& record);
json::object json_of(const SessionSummary& summary);
json::object json_of(const Step& step);
json::string json_text(std::string_view text);

}  // namespace narrowgate::recording
