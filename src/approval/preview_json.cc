#include "approval/preview_json.h"

#include "approval/text_json.h"
#include "base/bytes.h"

namespace narrowgate::approval {
namespace {

using Cell = Preview::Cell;

Error bad(const char* what) {
  return {Code::malformed, Blame::gateway, fmt::format("a stored preview has no good member \"{}\"", what)};
}

json::object kept(const Cell& cell) {
  json::object out{{"changes", cell.changes}};
  put_text(out, "column", cell.column);
  if (cell.value) put_text(out, "value", *cell.value);
  if (cell.becomes) put_text(out, "becomes", *cell.becomes);
  return out;
}

json::object shown(const Cell& cell) {
  json::object out{{"column", visible(cell.column)}, {"changes", cell.changes}};
  if (cell.value) out["value"] = visible(*cell.value);
  if (cell.becomes) out["becomes"] = visible(*cell.becomes);
  return out;
}

bool has_text(const json::object& object, const std::string& name) {
  return object.contains(name) || object.contains(name + "_b64");
}

Result<Cell> cell_from(const json::value& value) {
  if (!value.is_object()) return bad("samples");
  const json::object& object = value.get_object();
  Cell out;
  NG_TRY(out.column, get_text(object, "column"));
  const auto* changes = object.if_contains("changes");
  if (changes == nullptr || !changes->is_bool()) return bad("changes");
  out.changes = changes->get_bool();
  if (has_text(object, "value")) {
    NG_TRY(out.value, get_text(object, "value"));
  }
  if (has_text(object, "becomes")) {
    NG_TRY(out.becomes, get_text(object, "becomes"));
  }
  return out;
}

template <class Write>
json::array each_row(const Preview& preview, Write write) {
  json::array rows;
  for (const auto& row : preview.samples) {
    json::array cells;
    for (const Cell& cell : row) cells.push_back(write(cell));
    rows.push_back(std::move(cells));
  }
  return rows;
}

Result<std::vector<std::vector<Cell>>> rows_from(const json::object& object) {
  const auto* rows = object.if_contains("samples");
  if (rows == nullptr || !rows->is_array()) return bad("samples");
  std::vector<std::vector<Cell>> out;
  for (const json::value& row : rows->get_array()) {
    if (!row.is_array()) return bad("samples");
    auto& cells = out.emplace_back();
    for (const json::value& one : row.get_array()) {
      NG_TRY(Cell cell, cell_from(one));
      cells.push_back(std::move(cell));
    }
  }
  return out;
}

}  // namespace

json::object kept_preview(const Preview& preview) {
  json::object out{{"more", preview.more}, {"samples", each_row(preview, kept)}};
  if (preview.rows) out["rows"] = *preview.rows;
  put_texts(out, "plan", preview.plan);
  put_texts(out, "triggers", preview.triggers);
  put_text(out, "incomplete", preview.incomplete);
  return out;
}

Result<Preview> preview_from_json(const json::object& object) {
  Preview out;
  NG_TRY(out.plan, get_texts(object, "plan"));
  NG_TRY(out.triggers, get_texts(object, "triggers"));
  NG_TRY(out.incomplete, get_text(object, "incomplete"));
  NG_TRY(out.samples, rows_from(object));
  const auto* more = object.if_contains("more");
  if (more == nullptr || !more->is_bool()) return bad("more");
  out.more = more->get_bool();
  if (const auto* rows = object.if_contains("rows")) {
    if (!rows->is_int64() || rows->get_int64() < 0) return bad("rows");
    out.rows = std::uint64_t(rows->get_int64());
  }
  return out;
}

json::object shown_preview(const Preview& preview) {
  json::array triggers;
  for (const std::string& trigger : preview.triggers) triggers.emplace_back(visible(trigger));
  json::object out{{"more", preview.more},
                   {"triggers", std::move(triggers)},
                   {"samples", each_row(preview, shown)},
                   {"incomplete", visible(preview.incomplete)}};
  if (preview.rows) out["rows"] = *preview.rows;
  return out;
}

}  // namespace narrowgate::approval
