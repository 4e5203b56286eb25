#include "drift/topic/topic_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "drift/topic/topic_connection.h"

namespace drift {
namespace {

using Kind = TopicPoint::Kind;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kToday = 20'000 * kDay;  // 2024-10-04
constexpr int64_t kNow = kToday + 5 * 3600 * kSecond + 7;

std::string Text(const absl::Status& status) { return std::string(status.message().data(), status.message().size()); }

void ExpectPoint(std::string_view text, Kind kind, int64_t value) {
  const auto point = ParseTopicPoint(text, kNow);
  ASSERT_TRUE(point.ok()) << text;
  EXPECT_EQ(point->kind, kind) << text;
  EXPECT_EQ(point->value, value) << text;
}

TEST(TopicPointTest, EveryFormIsRead) {
  ExpectPoint("beginning", Kind::kBeginning, 0);
  ExpectPoint("end", Kind::kEnd, 0);
  ExpectPoint("17", Kind::kOffset, 17);
  ExpectPoint("yesterday", Kind::kTime, kToday - kDay);
  ExpectPoint("today", Kind::kTime, kToday);
  ExpectPoint("24h", Kind::kTime, kNow - kDay);
  ExpectPoint("90s", Kind::kTime, kNow - 90 * kSecond);
  ExpectPoint("2024-10-04", Kind::kTime, kToday);
  ExpectPoint("2024-10-04T00:00:01Z", Kind::kTime, kToday + kSecond);
  ExpectPoint("2024-10-04T00:00:01.5+02:00", Kind::kTime, kToday + kSecond * 3 / 2 - 2 * 3600 * kSecond);
  ExpectPoint("2024-10-03T23:30:00-01:30", Kind::kTime, kToday + 3600 * kSecond);
  ExpectPoint("2024-02-29T23:59:59.123456789Z", Kind::kTime, (19782 * kDay + 86'399 * kSecond) + 123'456'789);
}

TEST(TopicPointTest, OtherTextsAreRefusedWithTheChoices) {
  for (const char* text : {"", "tomorrow", "-5", "1.5", "99999999999999999999", "2024-13-01", "2023-02-29",
                           "2024-10-04T",
                           "2024-10-04T25:00:00Z", "2024-10-04T00:00:00", "2024-10-04T00:00:00.Z", "1969-12-31",
                           "2262-01-01", "2024-10-04T00:00:01Zx", "1970-01-01T00:00:00+01:00", "99999d"}) {
    const auto point = ParseTopicPoint(text, kNow);
    ASSERT_FALSE(point.ok()) << text;
    EXPECT_THAT(Text(point.status()), HasSubstr("yesterday")) << text;
  }
}

TEST(TopicAddressTest, AllPartsAreRead) {
  const auto address = ParseTopicAddress(
      "kafka://a:9092,b:9093/driftserve.samples?from=yesterday&to=today&model=flight%20delay&version=2&reference=any",
      kNow);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->brokers, "a:9092,b:9093");
  EXPECT_EQ(address->topic, "driftserve.samples");
  EXPECT_EQ(address->from.value, kToday - kDay);
  EXPECT_EQ(address->to.value, kToday);
  EXPECT_EQ(address->model_name, "flight delay");
  EXPECT_EQ(address->model_version, "2");
  EXPECT_TRUE(address->any_reference);
}

TEST(TopicAddressTest, WithoutParametersTheWholeTopicIsMeant) {
  const auto address = ParseTopicAddress("kafka://a:9092/t", kNow);
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->from.kind, Kind::kBeginning);
  EXPECT_EQ(address->to.kind, Kind::kEnd);
  EXPECT_FALSE(address->any_reference);
  EXPECT_TRUE(IsTopicAddress("kafka://a/t"));
  EXPECT_FALSE(IsTopicAddress("week.csv"));
}

TEST(TopicAddressTest, FaultsSayWhatWasExpected) {
  const std::pair<const char*, const char*> faults[] = {
      {"kafka://", "expected kafka://host:9092/topic"},
      {"kafka:///t", "expected kafka://host:9092/topic"},
      {"kafka://a:9092", "expected kafka://host:9092/topic"},
      {"kafka://a:9092?from=1/t", "expected kafka://host:9092/topic"},
      {"kafka://a:9092/", "topic: expected letters"},
      {"kafka://a:9092/a/b", "topic: expected letters"},
      {"kafka://a:9092/t?from=soon", "from: expected beginning"},
      {"kafka://a:9092/t?from", "from: expected a value"},
      {"kafka://a:9092/t?from=%4", "from: a %"},
      {"kafka://a:9092/t?since=1", "expected from=, to="},
      {"kafka://a:9092/t?reference=other", "expected from=, to="},
      {"kafka://a:9092/t?from=5&to=5", "from: expected a point before"},
      {"kafka://a:9092/t?from=today&to=yesterday", "from: expected a point before"},
      {"kafka://a:9092/t?from=end", "from: expected a point before"},
  };
  for (const auto& [text, message] : faults) {
    const auto address = ParseTopicAddress(text, kNow);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_THAT(Text(address.status()), HasSubstr(message)) << text;
    EXPECT_THAT(Text(address.status()), HasSubstr(text)) << text;
  }
}

TEST(TopicAddressTest, APasswordIsNotShown) {
  const auto address = ParseTopicAddress("kafka://user:pa55@a:9092/t", kNow);
  ASSERT_FALSE(address.ok());
  EXPECT_THAT(Text(address.status()), Not(HasSubstr("pa55")));
  EXPECT_THAT(Text(address.status()), HasSubstr("--kafka-config"));
}

TEST(KafkaPropertyTest, APropertyIsAPairAndItsValueIsNotShown) {
  const auto property = ParseKafkaProperty("ssl.key.password=a=b");
  ASSERT_TRUE(property.ok());
  EXPECT_EQ(property->first, "ssl.key.password");
  EXPECT_EQ(property->second, "a=b");
  for (const char* text : {"ssl.key.password", "=s3cret", "group.id=s3cret", "bootstrap.servers=s3cret"}) {
    const auto refused = ParseKafkaProperty(text);
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_THAT(Text(refused.status()), Not(HasSubstr("s3cret")));
    EXPECT_THAT(Text(refused.status()), HasSubstr("--kafka-config"));
  }
}

}  // namespace
}  // namespace drift
