#include "server/metrics/watch_collector.h"

#include <utility>

#include "server/metrics/families.h"

namespace driftserve {

using prometheus::MetricType;

std::vector<prometheus::MetricFamily> WatchCollector::Collect() const {
  const ConsumerCounts counts = source_();
  FamilyBuilder messages("driftserve_watch_messages_total",
                         "Messages taken from the topic, once committed: rows of a watched model, or skipped, by "
                         "reason.",
                         MetricType::Counter);
  messages.Add({Label("outcome", "row")}, static_cast<double>(counts.rows));
  for (const auto& [reason, skipped] : counts.skipped) {
    messages.Add({Label("outcome", "skipped"), Label("reason", reason)}, static_cast<double>(skipped));
  }
  FamilyBuilder passed("driftserve_watch_passed_over_messages_total",
                       "Messages older than the window when their partition came: never read.", MetricType::Counter);
  passed.Add({}, static_cast<double>(counts.passed_over));
  FamilyBuilder again("driftserve_watch_read_again_messages_total",
                      "Messages that another member or an earlier run had counted, read to fill the window of a "
                      "partition that came.",
                      MetricType::Counter);
  again.Add({}, static_cast<double>(counts.read_again));
  FamilyBuilder rebalances("driftserve_watch_rebalances_total", "Partitions came or went.", MetricType::Counter);
  rebalances.Add({}, static_cast<double>(counts.rebalances));
  FamilyBuilder failures("driftserve_watch_commit_failures_total",
                         "Offsets that no broker took in time; tried again at the next evaluation.",
                         MetricType::Counter);
  failures.Add({}, static_cast<double>(counts.commit_failures));
  FamilyBuilder partitions("driftserve_watch_partitions", "Partitions of this member.", MetricType::Gauge);
  partitions.Add({}, static_cast<double>(counts.partitions));
  FamilyBuilder lag("driftserve_watch_lag_messages", "Messages in this member's partitions that it has not taken.",
                    MetricType::Gauge);
  lag.Add({}, static_cast<double>(counts.lag));
  std::vector<prometheus::MetricFamily> all;
  for (FamilyBuilder* family : {&messages, &passed, &again, &rebalances, &failures, &partitions, &lag}) {
    family->MoveTo(all);
  }
  return all;
}

}  // namespace driftserve
