#include "drift/topic/skipped.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TopicMessage At(int32_t partition, int64_t offset) {
  TopicMessage message;
  message.partition = partition;
  message.offset = offset;
  return message;
}

TEST(SkippedMessagesTest, EveryReasonIsCountedAndItsFirstPlacesNamed) {
  SkippedMessages skipped;
  for (int offset = 10; offset < 15; ++offset) skipped.Count(At(1, offset), {SkipReason::kCorrupt, "an empty value"});
  skipped.Count(At(0, 3), {SkipReason::kOtherModel, "'x'"});
  skipped.Count(At(0, 4), {SkipReason::kOutOfTime, ""});
  EXPECT_EQ(skipped.count(SkipReason::kCorrupt), 5u);
  EXPECT_EQ(skipped.count(SkipReason::kOtherModel), 1u);
  EXPECT_EQ(skipped.total(), 7u);
  const auto sentences = skipped.Describe();
  ASSERT_EQ(sentences.size(), 2u);  // rows outside the times asked for are not worth a warning
  EXPECT_THAT(sentences[0], HasSubstr("5 messages"));
  EXPECT_THAT(sentences[0], HasSubstr("partition 1 offset 10 (an empty value), partition 1 offset 11"));
  EXPECT_THAT(sentences[0], Not(HasSubstr("offset 13")));
  EXPECT_THAT(sentences[1], HasSubstr("another model"));
}

TEST(SkippedMessagesTest, CountsAdd) {
  SkippedMessages one, other;
  one.Count(At(0, 1), {SkipReason::kDuplicate, ""});
  other.Count(At(0, 2), {SkipReason::kDuplicate, ""});
  other.Count(At(0, 3), {SkipReason::kForeign, ""});
  one.Add(other);
  EXPECT_EQ(one.count(SkipReason::kDuplicate), 2u);
  EXPECT_EQ(one.total(), 3u);
  EXPECT_THAT(one.Describe()[1], HasSubstr("partition 0 offset 1, partition 0 offset 2"));
}

TEST(SkippedMessagesTest, NothingSkippedIsNothingSaid) { EXPECT_THAT(SkippedMessages().Describe(), IsEmpty()); }

TEST(SkippedMessagesTest, NamesAreLabels) {
  EXPECT_EQ(Name(SkipReason::kForeign), "foreign");
  EXPECT_EQ(Name(SkipReason::kOutOfTime), "out_of_time");
}

}  // namespace
}  // namespace drift
