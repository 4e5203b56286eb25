#include "server/metrics/watch_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/metrics/text_format.h"

namespace driftserve {
namespace {

using ::testing::HasSubstr;

TEST(WatchCollectorTest, EveryCountIsShownFromZeroOn) {
  ConsumerCounts counts;
  counts.rows = 7;
  counts.skipped = {{"corrupt", 2}, {"foreign", 0}};
  counts.passed_over = 3;
  counts.read_again = 4;
  counts.rebalances = 5;
  counts.commit_failures = 6;
  counts.partitions = 8;
  counts.lag = 9;
  const std::string text = PrometheusText(WatchCollector([&counts] { return counts; }).Collect());
  for (const char* line :
       {"driftserve_watch_messages_total{outcome=\"row\"} 7\n",
        "driftserve_watch_messages_total{outcome=\"skipped\",reason=\"corrupt\"} 2\n",
        "driftserve_watch_messages_total{outcome=\"skipped\",reason=\"foreign\"} 0\n",
        "driftserve_watch_passed_over_messages_total 3\n", "driftserve_watch_read_again_messages_total 4\n",
        "driftserve_watch_rebalances_total 5\n", "driftserve_watch_commit_failures_total 6\n",
        "driftserve_watch_partitions 8\n", "driftserve_watch_lag_messages 9\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

}  // namespace
}  // namespace driftserve
