#include "base/clock.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>

namespace narrowgate {

using namespace std::chrono;

WallTime SystemClock::wall() const { return time_point_cast<nanoseconds>(system_clock::now()); }
MonoTime SystemClock::mono() const { return steady_clock::now(); }

std::string to_rfc3339(WallTime time) {
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", int(date.year()), unsigned(date.month()), unsigned(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<WallTime> from_rfc3339(std::string_view text) {
  const std::string copy(text);
  int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, used = 0;
  const Error bad{Code::malformed, Blame::client, fmt::format("\"{}\" is not a time like 2026-11-22T12:00:00Z", copy)};
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &s, &used) != 6) return bad;
  const year_month_day date{year{y}, month{unsigned(mo)}, day{unsigned(d)}};
  if (!date.ok() || h > 23 || mi > 59 || s > 60) return bad;
  nanoseconds fraction{0};
  std::size_t at = std::size_t(used);
  if (at < copy.size() && copy[at] == '.') {
    std::int64_t scale = 100'000'000;
    for (++at; at < copy.size() && copy[at] >= '0' && copy[at] <= '9'; ++at, scale /= 10)
      fraction += nanoseconds{(copy[at] - '0') * scale};
  }
  if (copy.substr(at) != "Z") return bad;
  return WallTime{sys_days{date} + hours{h} + minutes{mi} + seconds{s} + fraction};
}

namespace {
struct Unit {
  std::string_view suffix;
  std::int64_t ms;
};
constexpr std::array<Unit, 5> kUnits{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
}  // namespace

Result<milliseconds> parse_duration(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view suffix(end, std::size_t(text.data() + text.size() - end));
  for (const Unit& unit : kUnits)
    if (failed == std::errc{} && suffix == unit.suffix && number >= 0 && number <= INT64_MAX / 86'400'000'000)
      return milliseconds{number * unit.ms};
  return Error{Code::malformed, Blame::client,
               fmt::format("\"{}\" is not a duration; write for example 250ms, 30s, 15m, 1h", text)};
}

std::string format_duration(milliseconds duration) {
  const std::int64_t ms = duration.count();
  for (const Unit& unit : kUnits)
    if (ms != 0 && ms % unit.ms == 0) return fmt::format("{}{}", ms / unit.ms, unit.suffix);
  return "0s";
}

}  // namespace narrowgate
