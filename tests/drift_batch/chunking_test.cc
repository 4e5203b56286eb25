#include "drift/batch/chunking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace drift {
namespace {

constexpr int64_t kSecond = 1'000'000'000, kHour = 3600 * kSecond, kDay = 24 * kHour;
constexpr int64_t kNoon = 1'373'025'600 * kSecond;  // Friday, 2013-07-05 12:00 UTC

std::string LabelOf(const char* chunk, int64_t time_ns) {
  const auto chunking = Chunking::Parse(chunk);
  return chunking.ok() ? chunking->Label(chunking->StartOf(time_ns)) : std::string(chunking.status().message());
}

TEST(ChunkingTest, CutsAtMidnightMondayAndTheFirst) {
  EXPECT_EQ(LabelOf("1d", kNoon), "2013-07-05");
  EXPECT_EQ(LabelOf("1w", kNoon), "2013-07-01");  // a Monday
  EXPECT_EQ(LabelOf("1mo", kNoon), "2013-07-01");
  EXPECT_EQ(LabelOf("3mo", kNoon), "2013-07-01");
  EXPECT_EQ(LabelOf("6h", kNoon + kHour), "2013-07-05 12:00");
  EXPECT_EQ(LabelOf("30min", kNoon + 44 * 60 * kSecond), "2013-07-05 12:30");
  EXPECT_EQ(LabelOf("1mo", -1), "1969-12-01");
  EXPECT_EQ(LabelOf("1w", -1), "1969-12-29");
}

TEST(ChunkingTest, EveryTimeIsInItsChunkAndChunksAdjoin) {
  for (const char* text : {"30min", "7h", "1d", "3d", "1w", "2w", "1mo", "5mo", "12mo"}) {
    const auto chunking = Chunking::Parse(text);
    ASSERT_TRUE(chunking.ok());
    for (int64_t time = -500 * kDay; time < 500 * kDay; time += 5 * kHour + 7) {
      const int64_t start = chunking->StartOf(time), end = chunking->EndOf(start);
      EXPECT_LE(start, time) << text;
      EXPECT_GT(end, time) << text;
      EXPECT_EQ(chunking->StartOf(start), start) << text;
      EXPECT_EQ(chunking->StartOf(end), end) << text;
      EXPECT_EQ(chunking->EndOf(chunking->StartOf(start - 1)), start) << text;
    }
  }
}

TEST(ChunkingTest, RefusesWhatIsNoLength) {
  for (const char* text : {"", "d", "0d", "-1d", "1", "1y", "1.5d", "1d ", "1001d", "99999999999d"}) {
    EXPECT_THAT(LabelOf(text, 0), ::testing::HasSubstr("expected a chunk of 1 to 1000 min, h, d, w or mo")) << text;
  }
}

}  // namespace
}  // namespace drift
