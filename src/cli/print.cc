#include "cli/print.h"

#include <boost/json/serialize.hpp>
#include <cstdio>

#include "base/bytes.h"

namespace narrowgate::cli {
namespace {

// Where the character that starts `columns` characters on begins.
std::size_t byte_at(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  for (std::size_t seen = 0; at < text.size(); ++at)
    if ((Byte(text[at]) & 0xC0) != 0x80 && seen++ == columns) return at;
  return at;
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

std::size_t shown_width(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) out += (Byte(c) & 0xC0) != 0x80;
  return out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> out;
  while (shown_width(text) > width) {
    std::size_t cut = byte_at(text, width);
    if (const auto blank = text.rfind(' ', cut); blank != std::string_view::npos && blank > 0) cut = blank;
    out.emplace_back(text.substr(0, cut));
    text.remove_prefix(cut);
    if (text.starts_with(' ')) text.remove_prefix(1);
  }
  out.emplace_back(text);
  return out;
}

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                  const std::string& nothing) {
  if (rows.empty()) return nothing + "\n";
  std::vector<std::size_t> widths;
  for (const std::string& name : head) widths.push_back(shown_width(name));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], shown_width(row[i]));
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out.append(widths[i] - shown_width(cells[i]) + 2, ' ');
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

void print_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                 const std::string& nothing) {
  std::fputs(table(head, rows, nothing).c_str(), stdout);
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
