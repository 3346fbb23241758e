// NG_CHECK(condition): a bug of ours ends the process, in release builds too. Not for anything an outsider can cause.
#pragma once

namespace narrowgate {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}  // namespace narrowgate

#define NG_CHECK(condition) ((condition) ? void() : ::narrowgate::check_failed(#condition, __FILE__, __LINE__))
