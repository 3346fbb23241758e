// A text with its plain whole numbers cut out: what texts that differ only in such numbers have in common.
#pragma once

#include <string>
#include <string_view>

namespace narrowgate::postgres {

// Appends to `out`, which the caller has cleared, `text` with each plain whole number replaced by one byte that no SQL text
// holds. False, and `out` is worthless, if the text holds anything in which a digit might be something else than a number of its
// own: quotes, comments, dollars, backslashes, bytes beyond ASCII, decimals, exponents, 0x…, 1_000.
bool cut_numbers(std::string_view text, std::string& out);

}  // namespace narrowgate::postgres
