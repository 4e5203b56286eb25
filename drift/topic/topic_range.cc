#include "drift/topic/topic_range.h"

#include <algorithm>

namespace drift {
namespace {

constexpr int64_t kMinute = 60'000'000'000;
constexpr int64_t kBefore = kMinute;      // the broker's clock may be behind the server's
constexpr int64_t kAfter = 10 * kMinute;  // a record may have waited for its broker

/// The offset of `point` in each partition; `none` where the partition has no message so late.
absl::StatusOr<std::vector<int64_t>> OffsetsOf(KafkaConsumer& consumer, const std::vector<int32_t>& partitions,
                                               const std::vector<Watermarks>& marks, const TopicPoint& point,
                                               int64_t shift_ns) {
  std::vector<int64_t> offsets;
  switch (point.kind) {
    case TopicPoint::Kind::kBeginning:
      for (const Watermarks& mark : marks) offsets.push_back(mark.low);
      return offsets;
    case TopicPoint::Kind::kEnd:
      for (const Watermarks& mark : marks) offsets.push_back(mark.high);
      return offsets;
    case TopicPoint::Kind::kOffset:
      for (const Watermarks& mark : marks) offsets.push_back(std::clamp(point.value, mark.low, mark.high));
      return offsets;
    case TopicPoint::Kind::kTime: break;
  }
  auto found = consumer.OffsetsFor(partitions, std::max<int64_t>(0, point.value + shift_ns));
  if (!found.ok()) return found.status();
  for (size_t i = 0; i < marks.size(); ++i) {
    offsets.push_back((*found)[i] < 0 ? marks[i].high : std::clamp((*found)[i], marks[i].low, marks[i].high));
  }
  return offsets;
}

}  // namespace

absl::StatusOr<std::vector<PartitionRange>> FindRanges(KafkaConsumer& consumer, const TopicPoint& from,
                                                       const TopicPoint& to) {
  const auto partitions = consumer.Partitions();
  if (!partitions.ok()) return partitions.status();
  std::vector<Watermarks> marks;
  for (const int32_t partition : *partitions) {
    const auto mark = consumer.QueryWatermarks(partition);
    if (!mark.ok()) return mark.status();
    marks.push_back(*mark);
  }
  const auto begins = OffsetsOf(consumer, *partitions, marks, from, -kBefore);
  if (!begins.ok()) return begins.status();
  const auto ends = OffsetsOf(consumer, *partitions, marks, to, kAfter);
  if (!ends.ok()) return ends.status();
  std::vector<PartitionRange> ranges;
  for (size_t i = 0; i < marks.size(); ++i) {
    ranges.push_back({(*partitions)[i], (*begins)[i], std::max((*begins)[i], (*ends)[i]), (*begins)[i] == 0});
  }
  return ranges;
}

}  // namespace drift
