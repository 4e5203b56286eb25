#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "drift/profile/monitor_file.h"
#include "drift/reference.h"
#include "server/base/clock.h"
#include "server/observe/snapshot.h"
#include "server/publish/publisher.h"
#include "server/tap/tap.h"

namespace driftserve {

struct ObserverSettings {
  uint64_t boot_id = 0;
  std::string source;        // CloudEvents source: "driftserve/<host>"
  std::string topic;
  std::string events_topic;
};

/// The one thread behind the reply: drains the tap, publishes a record per kept row, keeps the drift window of every
/// watched model, evaluates, and posts snapshots. A failure here moves counters and states, never a prediction.
///
/// Thread safety: Watch, Unwatch, Start and Stop by any thread; RunOnce is the body of the thread's loop, called directly by
/// tests with a fake clock. Lifetime: arguments must outlive it.
class Observer {
 public:
  Observer(ObserverSettings settings, const Clock* clock, Tap* tap, Publisher* publisher, SnapshotBoard* board);
  ~Observer();

  /// From now on samples of `model` are windowed and evaluated against `reference`.
  void Watch(std::shared_ptr<WatchedModel> model, std::shared_ptr<const drift::Reference> reference,
             const drift::MonitorSettings& monitor);
  void Unwatch(const std::string& name, const std::string& version);

  void Start();
  /// Drains what the tap holds, flushes the publisher within `flush_budget_ms` and joins the thread.
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
