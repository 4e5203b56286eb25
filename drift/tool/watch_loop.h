#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drift/topic/group_consumer.h"
#include "drift/tool/catch_up.h"
#include "drift/tool/watch_snapshot.h"
#include "drift/watch/topic_watch.h"
#include "server/metrics/operations.h"

namespace drift {

/// One member of the group: takes messages, evaluates when it is time, commits, and posts what the operations port
/// shows. Thread safety: Run by one thread; board, Counts and NotReady by any.
class WatchLoop {
 public:
  using Log = std::function<void(const std::string&)>;

  /// While a member reads what lay on the topic before it came: how far it has come, 0 to 1, and messages; 1 once.
  using Progress = std::function<void(double done, uint64_t messages)>;

  WatchLoop(std::vector<std::unique_ptr<WatchedVersion>> versions, const driftserve::Clock* clock, Log log,
            Progress progress);

  /// Joins the group. INVALID_ARGUMENT where librdkafka does not take the connection's properties.
  absl::Status Join(const TopicConnection& connection, const std::string& group);

  /// Until `stop` is set, and then leaves in good order; or the error that waiting does not mend.
  absl::Status Run(const std::atomic<bool>& stop);

  const driftserve::SnapshotBoard& board() const { return board_; }
  driftserve::ConsumerCounts Counts() const;
  /// Why the member has no part in the group yet; empty: it has.
  std::string NotReady() const;

 private:
  struct Watched {
    WatchedVersion* version;
    WatchSnapshots snapshots;
    int64_t next_ns = 0;  // monotonic
    std::shared_ptr<const driftserve::ModelSnapshot> snapshot;
  };

  GroupEvents Events();
  absl::Status TakeMessages();
  void TellProgress();
  void EvaluateDue(bool all);
  void Commit();
  void ShareCounts();
  void TellTroubles();

  TopicWatch watch_;
  const driftserve::Clock* const clock_;
  const Log log_;
  const Progress progress_;
  std::vector<Watched> watched_;
  std::unique_ptr<GroupConsumer> consumer_;
  driftserve::SnapshotBoard board_;
  std::atomic<bool> joined_{false};
  CatchUp catch_up_;
  uint64_t rebalances_ = 0, commit_failures_ = 0;
  size_t told_reasons_ = 0;
  bool told_trouble_ = false, told_strata_ = false;

  mutable std::mutex counts_mutex_;  // guards counts_
  driftserve::ConsumerCounts counts_;
};

}  // namespace drift
