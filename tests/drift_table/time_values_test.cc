#include "drift/table/time_values.h"

#include <gtest/gtest.h>

#include "drift/table/nearest_name.h"

namespace drift {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(TimeValuesTest, ReadsIso8601) {
  constexpr int64_t kDay = 1'357'344'000;  // 2013-01-05
  EXPECT_EQ(TimeFromText("2013-01-05"), kDay * kSecond);
  EXPECT_EQ(TimeFromText("2013-01-05T06:00:07Z"), (kDay + 6 * 3600 + 7) * kSecond);
  EXPECT_EQ(TimeFromText(" 2013-01-05 06:00:07.25 "), (kDay + 6 * 3600 + 7) * kSecond + kSecond / 4);
  EXPECT_EQ(TimeFromText("2013-01-05T06:00+02:30"), (kDay + 6 * 3600 - 9000) * kSecond);
  EXPECT_EQ(TimeFromText("2013-01-05T06:00:00-0230"), (kDay + 6 * 3600 + 9000) * kSecond);
  EXPECT_EQ(TimeFromText("2013-01-05T24:00"), (kDay + 86'400) * kSecond);
  EXPECT_EQ(TimeFromText("1969-12-31T23:59:59.999999999Z"), -1);
}

TEST(TimeValuesTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "yesterday", "2013-13-05", "2013-02-29", "2013-1-5", "2013-01-05T", "2013-01-05T6:00",
                           "2013-01-05T25:00", "2013-01-05T24:01", "2013-01-05T06:60", "2013-01-05T06:00:07.",
                           "2013-01-05T06:00 UTC", "05/01/2013", "1500-01-01", "9999-12-31", "nan", "1e300", "12x"}) {
    EXPECT_EQ(TimeFromText(text), std::nullopt) << text;
  }
}

TEST(TimeValuesTest, TellsTheUnitOfANumberByItsSize) {
  for (const int64_t number : {1'357'344'000ll, 1'357'344'000'000ll, 1'357'344'000'000'000ll}) {
    EXPECT_EQ(TimeFromNumber(number), 1'357'344'000 * kSecond) << number;
    EXPECT_EQ(TimeFromNumber(static_cast<double>(number)), 1'357'344'000 * kSecond) << number;
    EXPECT_EQ(TimeFromText(std::to_string(number)), 1'357'344'000 * kSecond) << number;
  }
  EXPECT_EQ(TimeFromNumber(int64_t{1'357'344'000'000'000'000}), 1'357'344'000 * kSecond);
  EXPECT_EQ(TimeFromNumber(1.5), kSecond + kSecond / 2);
  EXPECT_EQ(TimeFromNumber(int64_t{-1}), -kSecond);
}

TEST(NearestNameTest, FindsARenamedColumnAndNoOther) {
  const std::vector<std::string> names = {"Temperature", "carrier_code", "day-of-week", "wind_sped", "x"};
  EXPECT_EQ(NearestName("temp", names), "Temperature");
  EXPECT_EQ(NearestName("carrier", names), "carrier_code");
  EXPECT_EQ(NearestName("day_of_week", names), "day-of-week");
  EXPECT_EQ(NearestName("wind_speed", names), "wind_sped");
  EXPECT_EQ(NearestName("pressure", names), "");
  EXPECT_EQ(NearestName("temp", {}), "");
}

}  // namespace
}  // namespace drift
