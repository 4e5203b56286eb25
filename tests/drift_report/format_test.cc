#include "drift/report/format.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(FormatTest, NumbersForPeople) {
  EXPECT_EQ(Rounded(0), "0");
  EXPECT_EQ(Rounded(7.7123), "7.71");
  EXPECT_EQ(Rounded(0.0123), "0.0123");
  EXPECT_EQ(Rounded(123.4), "123");
  EXPECT_EQ(Rounded(-0.5), "-0.500");
  EXPECT_EQ(Rounded(1e-7), "1e-07");
  EXPECT_EQ(Tidy(0.150), "0.15");
  EXPECT_EQ(Tidy(40.0), "40");
  EXPECT_EQ(Percent(0.1234), "12.3\u202f%");
  EXPECT_EQ(Grouped(1234567.4), "1,234,567");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(-1234), "-1,234");
  EXPECT_EQ(Number(0.1), "0.1");
}

TEST(FormatTest, TimesAreUtc) {
  EXPECT_EQ(UtcTime(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(UtcTime(951'782'399 * kSecond), "2000-02-28T23:59:59Z");
  EXPECT_EQ(UtcTime(951'782'400 * kSecond), "2000-02-29T00:00:00Z");
  EXPECT_EQ(UtcTime(1'780'000'000 * kSecond + 5), "2026-05-28T20:26:40Z");
  EXPECT_EQ(UtcTime(-1), "1969-12-31T23:59:59Z");
}

TEST(FormatTest, AMomentIsSaidAsPeopleSayIt) {
  const std::int64_t now = 1'780'000'000 * kSecond;  // 28 May 2026, 20:26
  EXPECT_EQ(Moment(now - 3600 * kSecond, now), "19:26 UTC");
  EXPECT_EQ(Moment(now - 25 * 86'400 * kSecond, now), "3 May");
  EXPECT_EQ(Moment(now - 365 * 86'400 * kSecond, now), "28 May 2025");
}

TEST(FormatTest, LengthsOfTimeHaveTwoUnits) {
  EXPECT_EQ(Duration(3600 * kSecond), "1 h");
  EXPECT_EQ(Duration(3'661 * kSecond), "1 h 1 min");
  EXPECT_EQ(Duration(14 * 86'400 * kSecond), "14 d");
  EXPECT_EQ(Duration(36 * kSecond), "36 s");
  EXPECT_EQ(Duration(kSecond / 2), "0.50 s");
}

}  // namespace
}  // namespace drift
