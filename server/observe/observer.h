#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "drift/profile/monitor_file.h"
#include "drift/reference.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/thread_place.h"
#include "server/observe/label_table.h"
#include "server/observe/snapshot.h"
#include "server/publish/publisher.h"
#include "server/tap/label_inbox.h"
#include "server/tap/tap.h"

namespace driftserve {

struct ObserverSettings {
  uint64_t boot_id = 0;
  std::string source;        // CloudEvents source: "driftserve/<host>"
  std::string topic;
  std::string events_topic;
  /// Secret for record fields that monitor.yaml says to hash, 32 hexadecimal digits. Without it they are dropped.
  std::string hash_key;
  EarlyLabelLimits early_labels = {};  // per model
  ThreadPlace place = {};  // of the thread; what the kernel refuses is logged
};

/// The one thread behind the reply: drains the tap, publishes a record per kept row, keeps the drift window of every
/// watched model, joins the labels that come later, evaluates, and posts snapshots and state changes. A failure here
/// moves counters and states, never a prediction. Nobody wakes it: it looks every 20 ms, and goes on without a pause
/// while there is more than one pass takes.
///
/// Thread safety: Watch, Unwatch, Start and Stop by any thread; RunOnce is the body of the thread's loop, called
/// directly by tests with a fake clock and then not together with Start. Lifetime: arguments must outlive it.
/// Dropped: kept rows of a model that was never watched, counted in ObserverSnapshot::unwatched_rows; rows that the
/// window refuses, counted in ModelSnapshot::window (their records are published all the same).
class Observer {
 public:
  /// Samples, and reported labels, taken from the rings in one pass, of all producers together.
  static constexpr size_t kPassSamples = 4096;
  static constexpr size_t kPassLabels = 16'384;

  /// `labels` may be null: then none are joined.
  Observer(ObserverSettings settings, const Clock* clock, Tap* tap, Publisher* publisher, SnapshotBoard* board,
           Log log = nullptr, LabelInbox* labels = nullptr);
  ~Observer();

  /// From now on samples of `model` are windowed and evaluated against `reference`; in place of an earlier model of the
  /// same name and version. REQUIRES: the model does not serve yet; its samples rely on being watched.
  void Watch(std::shared_ptr<WatchedModel> model, std::shared_ptr<const drift::Reference> reference,
             const drift::MonitorSettings& monitor);
  /// No more windows, evaluations and metrics; samples still on their way are published, and hold the model that long.
  void Unwatch(const std::string& name, const std::string& version);

  void Start();
  /// Joins the thread, drains what the tap holds and flushes the publisher within `flush_budget_ms`. Once; the serving
  /// threads must have stopped.
  void Stop(int64_t flush_budget_ms);

  /// One pass: drain, collect row counts, poll deliveries, evaluate what is due. Returns how many samples were drained.
  size_t RunOnce();

  /// Unix time of the last completed pass, for a staleness gauge.
  int64_t last_pass_ns() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace driftserve
