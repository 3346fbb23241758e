// What commands print: JSON as it is, or plain lines for people.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace narrowgate::cli {

void print_line(const std::string& line);
void print_json(const json::value& value);
// Columns on a terminal, near enough: what is not the first byte of a character takes none.
std::size_t shown_width(std::string_view text);
// Lines of at most `width` columns, broken at blanks where there are any.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);
// Columns as wide as they need to be. An empty table prints `nothing`.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                  const std::string& nothing);
void print_table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                 const std::string& nothing);
// A member as text: strings as they are, numbers and booleans spelt, missing "".
std::string text_of(const json::object& object, std::string_view key);
std::string joined(const json::value& array, std::string_view by = ", ");

}  // namespace narrowgate::cli
