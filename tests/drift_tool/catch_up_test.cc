#include "drift/tool/catch_up.h"

#include <gtest/gtest.h>

namespace drift {
namespace {

TEST(CatchUpTest, IsToldUntilNothingLiesAheadAndNeverAgain) {
  CatchUp catch_up;
  EXPECT_FALSE(catch_up.Tell(0, 0)) << "the group has given no partition yet";
  EXPECT_EQ(catch_up.Tell(100, 300), 0.25);
  EXPECT_EQ(catch_up.Tell(300, 300), 0.5) << "more came meanwhile";
  EXPECT_EQ(catch_up.Tell(600, 0), 1);
  EXPECT_FALSE(catch_up.Tell(700, 50)) << "what is new is no arrears";
}

}  // namespace
}  // namespace drift
