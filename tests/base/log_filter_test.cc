#include "server/base/log_filter.h"

#include <gtest/gtest.h>

namespace driftserve {
namespace {

TEST(LogFilter, WritesTheLeastLevelAndWhatIsWorse) {
  const LogFilter filter(LogLevel::kWarning);
  EXPECT_FALSE(filter.Writes(LogLevel::kInfo));
  EXPECT_TRUE(filter.Writes(LogLevel::kWarning));
  EXPECT_TRUE(filter.Writes(LogLevel::kError));
}

TEST(LogFilter, EachLevelIsSetByItself) {
  LogFilter filter;
  filter.Set(LogLevel::kWarning, false);
  EXPECT_TRUE(filter.Writes(LogLevel::kInfo));
  EXPECT_FALSE(filter.Writes(LogLevel::kWarning));
}

}  // namespace
}  // namespace driftserve
