#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/topic/group_consumer.h"
#include "drift/topic/kafka_consumer.h"

namespace drift {

/// Where a member begins in partitions that came to it: with the first message that is not older than `replay_from_ns`,
/// or else at the end. Counted from the group's committed offset on, or all of it where nothing was committed. Asks the
/// broker, and asks again some times where it answers with an error.
absl::StatusOr<std::vector<AssignedPartition>> FindStarts(KafkaConsumer& consumer,
                                                          const rd_kafka_topic_partition_list_t& partitions,
                                                          int64_t replay_from_ns);

}  // namespace drift
