#include "drift/topic/confluent_frame.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

using namespace std::string_view_literals;

TEST(ConfluentFrameTest, OneIndexForEachLevelOrAZeroForTheFirstMessage) {
  const auto second = ReadConfluentFrame("\0\0\1\2\3\2\2payload"sv);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->schema_id, 0x010203u);
  EXPECT_EQ(second->payload, "payload");
  EXPECT_EQ(ReadConfluentFrame("\0\xff\xff\xff\xff\0payload"sv)->payload, "payload");
  EXPECT_EQ(ReadConfluentFrame("\0\xff\xff\xff\xff\0"sv)->schema_id, 0xffffffffu);
  EXPECT_EQ(ReadConfluentFrame("\0\0\0\0\7\4\0\x80\1payload"sv)->payload, "payload");  // two levels, the second 64
}

TEST(ConfluentFrameTest, ACutOrSenselessFrameIsNone) {
  for (const std::string_view value : {"\0"sv, "\0\0\0\0"sv, "\0\0\0\0\7"sv, "\0\0\0\0\7\2"sv, "\0\0\0\0\7\2\1x"sv,
                                       "\0\0\0\0\7\1x"sv, "\0\0\0\0\7\xff\xff\xff\xff\x0fx"sv, "\0\0\0\0\7\2\x80"sv}) {
    EXPECT_TRUE(IsConfluentFramed(value));
    EXPECT_FALSE(ReadConfluentFrame(value)) << value.size();
  }
}

TEST(ConfluentFrameTest, NoMessageBeginsWithAZero) {
  EXPECT_FALSE(IsConfluentFramed(""));
  EXPECT_FALSE(IsConfluentFramed("\x09record"));
}

}  // namespace
}  // namespace drift
