#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/repository/registry.h"

namespace driftserve {

struct WatchdogSettings {
  int64_t limit_ns = 0;  // a run that takes at least this long hangs
  const Clock* clock = nullptr;
  const Registry* registry = nullptr;
  Log log;
  /// Health of a model, or of the server where the name is empty.
  std::function<void(const std::string& name, bool healthy)> set_health;
};

/// Says when a model does not come back from a run: once in the log, in ServingSlot::hung_runs, and in health until it
/// does. Nothing can end a run from outside but the end of the process: whoever watches readiness decides that.
///
/// Thread safety: Start and Stop by one thread, Complaint and Hangs by anyone. Lifetime: what the settings point to
/// outlives it. The runs of a model that is no longer served are not looked at.
class Watchdog {
 public:
  explicit Watchdog(WatchdogSettings settings) : settings_(std::move(settings)) {}
  ~Watchdog() { Stop(); }

  void Start();
  void Stop();

  /// Looks at every run that is going. The watchdog's thread calls it; a test may instead of Start.
  void Look();

  bool Hangs(const std::string& model) const;
  /// "model 'm' has not returned from a run" for each that hangs; empty: none does.
  std::string Complaint() const;

 private:
  using Runs = std::map<const ServingSlot*, uint64_t>;  // when each began, monotonic

  void Run();
  /// Notes the model's runs that hang, and counts those that did not at the last look. Whether there are any.
  bool NoteRuns(Model& model, int64_t now_ns, Runs& hanging) const;
  void Tell(const std::set<std::string>& hanging, const ModelSet& served);

  const WatchdogSettings settings_;
  std::thread thread_;
  Runs runs_;  // that hung at the last look; of the thread that looks

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable stop_;
  bool stopping_ = false;
  std::set<std::string> hanging_;
};

}  // namespace driftserve
