#include "server/base/time_limit.h"

#include <gtest/gtest.h>

#include <future>

namespace driftserve {
namespace {

TEST(TimeLimitTest, CallsWhenItHasPassed) {
  std::promise<void> called;
  TimeLimit limit(std::chrono::milliseconds(1), [&called] { called.set_value(); });
  called.get_future().wait();
}

TEST(TimeLimitTest, IsQuietWhereThingsEndInTime) {
  bool called = false;
  { TimeLimit limit(std::chrono::hours(1), [&called] { called = true; }); }
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace driftserve
