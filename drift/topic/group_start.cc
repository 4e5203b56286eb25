#include "drift/topic/group_start.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace drift {
namespace {

constexpr int kAttempts = 5;
constexpr auto kPause = std::chrono::milliseconds(500);

// The offsets that the group committed; below 0 where it committed none.
absl::StatusOr<std::vector<int64_t>> Committed(KafkaConsumer& consumer,
                                               const rd_kafka_topic_partition_list_t& partitions) {
  const PartitionList list(rd_kafka_topic_partition_list_copy(&partitions));
  const rd_kafka_resp_err_t error = rd_kafka_committed(consumer.client(), list.get(), consumer.timeout_ms());
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return consumer.Failure("asking for the group's offsets", error);
  std::vector<int64_t> offsets;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return consumer.Failure("asking for the group's offsets", list->elems[i].err);
    }
    offsets.push_back(list->elems[i].offset);
  }
  return offsets;
}

AssignedPartition StartOf(int32_t partition, const Watermarks& marks, int64_t by_time, int64_t committed) {
  AssignedPartition start;
  start.partition = partition;
  // Whatever comes after the ends were asked for is new, so an end by number loses nothing.
  start.begin = by_time < 0 ? marks.high : std::clamp(by_time, marks.low, marks.high);
  start.counted_from = committed < 0 ? start.begin : std::max(committed, marks.low);
  if (start.counted_from < start.begin) start.passed_over = static_cast<uint64_t>(start.begin - start.counted_from);
  return start;
}

absl::StatusOr<std::vector<AssignedPartition>> TryFindStarts(KafkaConsumer& consumer,
                                                             const rd_kafka_topic_partition_list_t& partitions,
                                                             int64_t replay_from_ns) {
  std::vector<int32_t> numbers;
  std::vector<Watermarks> marks;
  for (int i = 0; i < partitions.cnt; ++i) {
    numbers.push_back(partitions.elems[i].partition);
    const auto mark = consumer.QueryWatermarks(numbers.back());
    if (!mark.ok()) return mark.status();
    marks.push_back(*mark);
  }
  const auto by_time = consumer.OffsetsFor(numbers, std::max<int64_t>(0, replay_from_ns));
  if (!by_time.ok()) return by_time.status();
  const auto committed = Committed(consumer, partitions);
  if (!committed.ok()) return committed.status();
  std::vector<AssignedPartition> starts;
  for (size_t i = 0; i < numbers.size(); ++i) {
    starts.push_back(StartOf(numbers[i], marks[i], (*by_time)[i], (*committed)[i]));
  }
  return starts;
}

}  // namespace

absl::StatusOr<std::vector<AssignedPartition>> FindStarts(KafkaConsumer& consumer,
                                                          const rd_kafka_topic_partition_list_t& partitions,
                                                          int64_t replay_from_ns) {
  absl::StatusOr<std::vector<AssignedPartition>> starts = TryFindStarts(consumer, partitions, replay_from_ns);
  for (int attempt = 1; !starts.ok() && attempt < kAttempts; ++attempt) {
    std::this_thread::sleep_for(kPause);  // a broker that has just come back needs a moment to lead its partitions
    starts = TryFindStarts(consumer, partitions, replay_from_ns);
  }
  return starts;
}

}  // namespace drift
