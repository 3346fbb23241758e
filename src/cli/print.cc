#include "cli/print.h"

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/bytes.h"

namespace narrowgate::cli {
namespace {

// Columns on a terminal, near enough: continuation bytes of UTF-8 take none.
std::size_t width(const std::string& text) {
  std::size_t out = 0;
  for (const char c : text) out += (Byte(c) & 0xC0) != 0x80;
  return out;
}

void indent(std::string& out, int depth) { out.append(std::size_t(depth) * 2, ' '); }

void pretty(const json::value& value, std::string& out, int depth) {
  if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
    out += "{\n";
    bool first = true;
    for (const auto& member : *object) {
      if (!std::exchange(first, false)) out += ",\n";
      indent(out, depth + 1);
      out += json::serialize(member.key()) + ": ";
      pretty(member.value(), out, depth + 1);
    }
    out += '\n';
    indent(out, depth);
    out += '}';
  } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
    out += "[\n";
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i > 0) out += ",\n";
      indent(out, depth + 1);
      pretty((*array)[i], out, depth + 1);
    }
    out += '\n';
    indent(out, depth);
    out += ']';
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

void print_line(const std::string& line) { std::printf("%s\n", line.c_str()); }

void print_json(const json::value& value) {
  std::string out;
  pretty(value, out, 0);
  print_line(out);
}

void print_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows, const std::string& nothing) {
  if (rows.empty()) return print_line(nothing);
  std::vector<std::size_t> widths;
  for (const std::string& name : head) widths.push_back(width(name));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out.append(widths[i] - width(cells[i]) + 2, ' ');
    }
    print_line(out);
  };
  line(head);
  for (const auto& row : rows) line(row);
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  if (value == nullptr || value->is_null()) return "";
  if (value->is_string()) return std::string(value->get_string());
  return json::serialize(*value);
}

std::string joined(const json::value& array, std::string_view by) {
  std::string out;
  if (!array.is_array()) return out;
  for (const json::value& item : array.get_array()) {
    if (!out.empty()) out += by;
    out += item.is_string() ? std::string(item.get_string()) : json::serialize(item);
  }
  return out;
}

}  // namespace narrowgate::cli
