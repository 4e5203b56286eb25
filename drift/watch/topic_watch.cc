#include "drift/watch/topic_watch.h"

#include <utility>

namespace drift {
namespace {

constexpr size_t kSequencePages = size_t{1} << 13;  // 4 MiB a partition: 33 million numbers

}  // namespace

TopicWatch::TopicWatch(std::vector<std::unique_ptr<WatchedVersion>> versions) : versions_(std::move(versions)) {}

void TopicWatch::Assigned(const AssignedPartition& partition) {
  Partition& came = partitions_.insert_or_assign(partition.partition, Partition{BootSequences(kSequencePages), {}})
                        .first->second;
  came.pending.passed_over = partition.passed_over;
  for (const auto& version : versions_) version->Drop(partition.partition);
}

void TopicWatch::Revoked(int32_t partition, bool committed) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  if (committed) Commit(partition, found->second);
  for (const auto& version : versions_) version->Drop(partition);
  partitions_.erase(found);
}

void TopicWatch::Take(const GroupMessage& message, int64_t now_ns) {
  const auto found = partitions_.find(message.message.partition);
  if (found == partitions_.end()) return;
  WatchCounts& pending = found->second.pending;
  const std::optional<Skip> skip = TakeRecord(message, found->second, now_ns);
  if (!message.counted) {
    ++pending.read_again;
  } else if (skip) {
    pending.skipped.Count(message.message, *skip);
  } else {
    ++pending.rows;
  }
}

std::optional<Skip> TopicWatch::TakeRecord(const GroupMessage& message, Partition& partition, int64_t now_ns) {
  record_.Clear();
  if (std::optional<Skip> skip = ReadRecord(message.message, record_)) return skip;
  // What came so long ago that it must make room does not come again.
  if (partition.sequences.full()) partition.sequences = BootSequences(kSequencePages);
  if (!partition.sequences.Insert(message.message.partition, false, record_.boot_id(), record_.seq())) {
    return Skip{SkipReason::kDuplicate, ""};
  }
  std::optional<Skip> skip;
  WatchedVersion* const version = Find(skip);
  if (version == nullptr) return skip;
  if (TimeOf(record_) > now_ns + kClockSkewNs) return Skip{SkipReason::kOutOfTime, "from the future"};
  return version->Add(message.message.partition, message.counted, record_);
}

// The version that the record is of; else, in `skip`, by how much it misses the nearest.
WatchedVersion* TopicWatch::Find(std::optional<Skip>& skip) {
  skip = Skip{SkipReason::kOtherModel, ""};
  for (const auto& version : versions_) {
    const Reference& reference = version->reference();
    std::optional<Skip> other =
        CheckRecord(record_, {reference.model_name, reference.model_version, reference.hash});
    if (!other) return version.get();
    if (other->reason >= skip->reason) skip = std::move(other);
  }
  return nullptr;
}

void TopicWatch::Committed() {
  for (auto& [number, partition] : partitions_) Commit(number, partition);
}

void TopicWatch::Commit(int32_t number, Partition& partition) {
  counts_.rows += partition.pending.rows;
  counts_.skipped.Add(partition.pending.skipped);
  counts_.passed_over += partition.pending.passed_over;
  counts_.read_again += partition.pending.read_again;
  partition.pending = {};
  for (const auto& version : versions_) version->Commit(number);
}

}  // namespace drift
