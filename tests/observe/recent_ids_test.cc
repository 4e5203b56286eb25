#include "server/observe/recent_ids.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

TEST(RecentIdsTest, ARepetitionThatComesSoonIsFound) {
  RecentIds ids;
  EXPECT_FALSE(ids.CheckAndInsert(7));
  EXPECT_FALSE(ids.CheckAndInsert(8));
  EXPECT_TRUE(ids.CheckAndInsert(7));
  EXPECT_TRUE(ids.CheckAndInsert(7));
}

TEST(RecentIdsTest, ANewerIdTakesThePlaceOfAnOlderOne) {
  RecentIds ids;
  EXPECT_FALSE(ids.CheckAndInsert(7));
  EXPECT_FALSE(ids.CheckAndInsert(7 + RecentIds::kSlots));
  EXPECT_FALSE(ids.CheckAndInsert(7));
}

TEST(RecentIdsTest, NoHashIsTakenForAnEmptySlot) {
  RecentIds ids;
  EXPECT_FALSE(ids.CheckAndInsert(0));
  EXPECT_TRUE(ids.CheckAndInsert(0));
}

}  // namespace
}  // namespace driftserve
