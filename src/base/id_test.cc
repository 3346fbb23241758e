#include "base/id.h"

#include <gtest/gtest.h>

namespace narrowgate {
namespace {

TEST(Id, SaysWhatItNamesAndSortsByTime) {
  const auto early = new_id(IdKind::task, from_unix_ms(1'795'348'800'000)),
             late = new_id(IdKind::task, from_unix_ms(1'795'348'800'001));
  EXPECT_TRUE(early.starts_with("tsk_"));
  EXPECT_LT(early, late);
  EXPECT_TRUE(is_id(IdKind::task, early));
  EXPECT_FALSE(is_id(IdKind::grant, early));
  EXPECT_FALSE(is_id(IdKind::task, "tsk_../../etc"));
  EXPECT_FALSE(is_id(IdKind::task, early + "0"));
}

TEST(Time, Rfc3339RoundTrips) {
  const auto time = from_rfc3339("2026-11-22T12:01:39.123Z");
  ASSERT_TRUE(time.ok());
  EXPECT_EQ(to_rfc3339(*time), "2026-11-22T12:01:39.123Z");
  for (const auto* text : {"2026-11-22", "2026-02-30T00:00:00Z", "2026-11-22T12:01:39+01:00", "2026-11-22T25:00:00Z", ""})
    EXPECT_FALSE(from_rfc3339(text).ok()) << text;
}

TEST(Time, DurationsReadAndPrint) {
  EXPECT_EQ(parse_duration("15m")->count(), 900'000);
  EXPECT_EQ(parse_duration("250ms")->count(), 250);
  for (const auto* text : {"", "5", "m", "-1s", "1 h", "1h30m", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text).ok()) << text;
  for (const auto* text : {"1h", "90s", "250ms", "2d"}) EXPECT_EQ(format_duration(*parse_duration(text)), text);
}

}  // namespace
}  // namespace narrowgate
