// Time comes in by reference, so that a test can hold it still.
//
// Durations and deadlines use mono(), which never jumps; wall() is for records and for times that outsiders named.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace narrowgate {

using WallTime = std::chrono::sys_time<std::chrono::nanoseconds>;
using MonoTime = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;
  virtual MonoTime mono() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime wall() const override;
  MonoTime mono() const override;
};

// RFC 3339 in UTC with milliseconds: 2026-11-22T12:01:39.123Z
std::string to_rfc3339(WallTime time);
Result<WallTime> from_rfc3339(std::string_view text);
inline std::int64_t unix_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}
inline std::int64_t unix_seconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}
inline WallTime from_unix_ms(std::int64_t ms) { return WallTime{std::chrono::milliseconds{ms}}; }

// "90s", "15m", "1h", "250ms"; Blame::client names the text.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
// The shortest exact spelling that parse_duration reads back: 1h, 90s, 250ms.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace narrowgate
