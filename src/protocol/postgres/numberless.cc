#include "protocol/postgres/numberless.h"

#include <array>

#include "base/bytes.h"

namespace narrowgate::postgres {
namespace {

constexpr char kCut = '\x01';  // refused below as a byte of the text itself

enum class Sort : Byte { other, digit, word, doubtful };

constexpr std::array<Sort, 256> make_sorts() {
  std::array<Sort, 256> sorts{};
  for (std::size_t c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    sorts[c] = letter ? Sort::word : c >= '0' && c <= '9' ? Sort::digit : Sort::other;
    if (c >= 0x80 || (c < 0x20 && c != '\n' && c != '\t' && c != '\r')) sorts[c] = Sort::doubtful;
  }
  for (const char c : {'\'', '"', '$', '\\', '`'}) sorts[Byte(c)] = Sort::doubtful;
  return sorts;
}
constexpr auto kSorts = make_sorts();

}  // namespace

bool cut_numbers(std::string_view text, std::string& out) {
  const auto sort = [&](std::size_t i) { return i < text.size() ? kSorts[Byte(text[i])] : Sort::other; };
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    switch (kSorts[Byte(c)]) {
      case Sort::doubtful: return false;
      case Sort::word: {
        const std::size_t start = i;
        while (sort(i) == Sort::word || sort(i) == Sort::digit) ++i;
        out.append(text.substr(start, i - start));
        if (i < text.size() && text[i] == '$') return false;
        break;
      }
      case Sort::digit:
        if (i > 0 && text[i - 1] == '.') return false;
        while (sort(i) == Sort::digit) ++i;
        if (sort(i) == Sort::word || (i < text.size() && text[i] == '.')) return false;
        out += kCut;
        break;
      case Sort::other: {
        const bool comment = i + 1 < text.size() && ((c == '-' && text[i + 1] == '-') || (c == '/' && text[i + 1] == '*'));
        if (comment) return false;
        out += c;
        ++i;
        break;
      }
    }
  }
  return true;
}

}  // namespace narrowgate::postgres
