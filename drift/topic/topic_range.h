#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/topic/kafka_consumer.h"
#include "drift/topic/topic_address.h"

namespace drift {

/// The offsets [begin, end) of one partition.
struct PartitionRange {
  int32_t partition = 0;
  int64_t begin = 0, end = 0;
  bool from_start = false;  // begins with the first message that the partition ever had
};

/// Which offsets of every partition hold what lies between two points; ends at the high watermark of this moment. By
/// time, the ranges are somewhat wider than asked for, since a message is stamped a little later than its record (a lot
/// later, where the broker stamps it): rows are then to be picked by their own times.
absl::StatusOr<std::vector<PartitionRange>> FindRanges(KafkaConsumer& consumer, const TopicPoint& from,
                                                       const TopicPoint& to);

}  // namespace drift
