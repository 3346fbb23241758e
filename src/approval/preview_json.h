// A preview in JSON: as it is kept, and as people and programs are shown it.
#pragma once

#include "base/json.h"
#include "policy/preview.h"

namespace narrowgate::approval {

json::object kept_preview(const Preview& preview);
Result<Preview> preview_from_json(const json::object& object);

// Without the plan. Nothing hides in it: invisible characters are spelt out. A value that is absent is NULL.
json::object shown_preview(const Preview& preview);

}  // namespace narrowgate::approval
