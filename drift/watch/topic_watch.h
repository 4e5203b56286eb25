#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drift/topic/boot_sequences.h"
#include "drift/topic/group_consumer.h"
#include "drift/topic/skipped.h"
#include "drift/watch/watched_version.h"

namespace drift {

/// Messages that this member was the first to take, once they were committed. Each only grows.
struct WatchCounts {
  uint64_t rows = 0;         // of a watched version, whether or not its window could take them
  SkippedMessages skipped;
  uint64_t passed_over = 0;  // older than the window when the partition came: not read
  uint64_t read_again = 0;   // to fill the window of a partition that came; counted by another, or an earlier run
};

/// What one member of the group makes of the topic: which message is a row of which watched model version, and what is
/// none. Knows no Kafka and no clock. Single-threaded.
class TopicWatch {
 public:
  /// A record from so far in the future has no possible time: it would empty the window.
  static constexpr int64_t kClockSkewNs = int64_t{5} * 60 * 1'000'000'000;

  explicit TopicWatch(std::vector<std::unique_ptr<WatchedVersion>> versions);

  void Assigned(const AssignedPartition& partition);
  /// Its rows go with it; totals keep what was committed.
  void Revoked(int32_t partition, bool committed);
  void Take(const GroupMessage& message, int64_t now_ns);
  /// All that was taken so far is committed.
  void Committed();

  const std::vector<std::unique_ptr<WatchedVersion>>& versions() const { return versions_; }
  const WatchCounts& counts() const { return counts_; }

 private:
  struct Partition {
    BootSequences sequences;
    WatchCounts pending;
  };

  std::optional<Skip> TakeRecord(const GroupMessage& message, Partition& partition, int64_t now_ns);
  WatchedVersion* Find(std::optional<Skip>& skip);
  void Commit(int32_t number, Partition& partition);

  const std::vector<std::unique_ptr<WatchedVersion>> versions_;
  std::map<int32_t, Partition> partitions_;
  WatchCounts counts_;
  driftserve::v1::Record record_;  // of the message in hand
};

}  // namespace drift
