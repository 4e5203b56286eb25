#include "drift/profile/units.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(Units, Durations) {
  EXPECT_EQ(ParseDuration("15s"), 15'000'000'000);
  EXPECT_EQ(ParseDuration("0.5s"), 500'000'000);
  EXPECT_EQ(ParseDuration("500ms"), 500'000'000);
  EXPECT_EQ(ParseDuration("1h"), 3'600'000'000'000);
  EXPECT_EQ(ParseDuration("90m"), 5'400'000'000'000);
  EXPECT_EQ(ParseDuration("14d"), 1'209'600'000'000'000);
  EXPECT_EQ(ParseDuration("0s"), 0);
  for (const char* text :
       {"", "15", "s", "-1s", "+1s", "1 s", "1S", "1e3s", "1..5s", ".s", "1h30m", "1w", "1000000d"}) {
    EXPECT_EQ(ParseDuration(text), std::nullopt) << text;
  }
}

TEST(Units, DurationsComeBackFromTheirText) {
  EXPECT_EQ(FormatDuration(0), "0s");
  EXPECT_EQ(FormatDuration(1'209'600'000'000'000), "14d");
  EXPECT_EQ(FormatDuration(90'000'000'000), "90s");
  EXPECT_EQ(FormatDuration(1), "1ns");
  for (const int64_t ns : {int64_t{1}, int64_t{1'500'000'000}, int64_t{7'200'000'000'000}}) {
    EXPECT_EQ(ParseDuration(FormatDuration(ns)), ns);
  }
}

TEST(Units, Bytes) {
  EXPECT_EQ(ParseBytes("64MiB"), int64_t{64} << 20);
  EXPECT_EQ(ParseBytes("1.5KiB"), 1536);
  EXPECT_EQ(ParseBytes("100B"), 100);
  for (const char* text : {"", "64", "64MB", "64M", "-1B", "99999999999999GiB"})
    EXPECT_EQ(ParseBytes(text), std::nullopt);
}

}  // namespace
}  // namespace drift
