#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/publish/kafka_publisher.h"
#include "tests/fakes/fake_clock.h"

namespace driftserve {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ErrorOf(KafkaSettings settings) {
  const FakeClock clock;
  if (settings.brokers.empty()) settings.brokers = "127.0.0.1:1";
  const auto publisher = MakeKafkaPublisher(std::move(settings), &clock, nullptr);
  return publisher.ok() ? "" : std::string(publisher.status().message());
}

TEST(KafkaPropertiesTest, DefaultsAndFurtherPropertiesAreAccepted) {
  EXPECT_EQ(ErrorOf({}), "");
  EXPECT_EQ(ErrorOf({.properties = {{"message.max.bytes", "2000000"}, {"socket.keepalive.enable", "true"}}}), "");
}

TEST(KafkaPropertiesTest, AnUnknownPropertyIsNamed) {
  EXPECT_THAT(ErrorOf({.properties = {{"linger.msec", "5"}}}),
              AllOf(HasSubstr("kafka.properties.linger.msec"), HasSubstr("has no property")));
}

TEST(KafkaPropertiesTest, ABadValueIsNamedWithItsReason) {
  EXPECT_THAT(ErrorOf({.properties = {{"message.max.bytes", "lots"}}}),
              AllOf(HasSubstr("kafka.properties.message.max.bytes"), HasSubstr("\"lots\"")));
  EXPECT_THAT(ErrorOf({.compression = "rar"}), AllOf(HasSubstr("kafka.compression"), HasSubstr("\"rar\"")));
}

TEST(KafkaPropertiesTest, WhatHasAnOptionOfItsOwnIsSentThere) {
  EXPECT_THAT(ErrorOf({.properties = {{"bootstrap.servers", "x:1"}}}), HasSubstr("set kafka.brokers"));
  EXPECT_THAT(ErrorOf({.properties = {{"linger.ms", "5"}}}), HasSubstr("set kafka.linger_ms"));
}

TEST(KafkaPropertiesTest, WhatDeliveryDependsOnCannotBeTurnedOff) {
  EXPECT_THAT(ErrorOf({.properties = {{"enable.idempotence", "false"}}}), HasSubstr("always on"));
  EXPECT_THAT(ErrorOf({.properties = {{"acks", "1"}}}), HasSubstr("always all"));
}

TEST(KafkaPropertiesTest, PropertiesThatContradictEachOtherAreAnError) {
  EXPECT_THAT(ErrorOf({.properties = {{"max.in.flight", "100"}}}), HasSubstr("max.in.flight"));
}

}  // namespace
}  // namespace driftserve
