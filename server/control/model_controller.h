#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/control/model_host.h"
#include "server/control/model_roster.h"
#include "server/repository/model_control.h"
#include "server/repository/registry.h"
#include "server/repository/repository.h"

namespace driftserve {

enum class ControlMode { kNone, kExplicit, kPoll };

struct ControlSettings {
  ControlMode mode = ControlMode::kNone;
  int64_t poll_interval_ns = 15'000'000'000;
};

/// One thread with a queue: loads, reloads and unloads one model at a time, so that loads of the same model follow each
/// other, and lets go of what was unloaded once its last request is answered. In explicit mode clients fill the queue;
/// in poll mode it follows the repository's folder.
///
/// A load that fails changes nothing but the counters and the reason in the index. A version whose files and
/// configuration have not changed stays as it is, its drift window and observation period with it; any other is a new
/// one, whose window and observation period begin anew.
///
/// Thread safety: as of ModelControl; Start and Stop by one thread. Lifetime: arguments must outlive it.
/// Dropped: a load that finds kMaxWaiting others waiting is refused.
class ModelController final : public ModelControl {
 public:
  static constexpr size_t kMaxWaiting = 64;

  ModelController(ControlSettings settings, Repository* repository, Registry* registry, ModelHost* host,
                  const Clock* clock, Log log);
  ~ModelController() override;

  /// Starts the thread and loads `names`; every fault of every model, one per line, when any of them fails.
  absl::Status Start(const std::vector<std::string>& names);

  /// Ends the trial under way; loads that wait are UNAVAILABLE. What is served stays served.
  void Stop();

  /// REQUIRES: Stop, and no serving thread runs any more but the models' own. Stops these.
  void ReleaseAll();

  absl::Status Load(const std::string& name, LoadOverrides overrides, const Gone& gone) override;
  absl::Status Unload(const std::string& name, const Gone& gone) override;
  std::vector<VersionState> Index() const override;
  bool by_request() const override { return settings_.mode == ControlMode::kExplicit; }

  std::vector<LoadCount> Loads() const { return roster_.Loads(); }

  /// Looks through the repository now, as poll mode does by itself; returns when done.
  void Poll();

 private:
  enum class Task { kLoad, kUnload, kPoll };
  struct Job {
    Task task;
    std::string name;
    LoadOverrides overrides;
    bool started = false;
    bool done = false;
    absl::Status status;
  };
  using Versions = ModelRoster::Versions;

  absl::Status Submit(std::shared_ptr<Job> job, const Gone& gone);
  void Run();
  std::shared_ptr<Job> NextJob(std::unique_lock<std::mutex>& lock);
  int64_t NanosToNextDuty() const;
  void DoDuties();
  absl::Status Do(const Job& job);

  absl::Status DoLoad(const std::string& name, const LoadOverrides& overrides);
  absl::Status Replace(const std::string& name, const Versions& models);
  absl::Status PrepareAll(const Versions& models);
  void DoUnload(const std::string& name);
  void DoPoll();
  void Serve(const std::string& name, const Versions& models, const Versions& before);
  void Sweep();
  bool Knows(const std::string& name) const { return roster_.Knows(name) || repository_->Has(name); }

  const ControlSettings settings_;
  Repository* const repository_;
  Registry* const registry_;
  ModelHost* const host_;
  const Clock* const clock_;
  const Log log_;

  ModelRoster roster_;

  std::mutex mutex_;  // guards everything up to the next comment
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> queue_;
  bool stopping_ = false;

  // The loader thread's own, and ReleaseAll's after it.
  Versions retired_;                        // out of the registry, perhaps still answering requests
  std::map<std::string, uint64_t> traces_;  // by model, of the last poll that saw it
  int64_t next_poll_ns_ = 0;
  int64_t rest_ns_ = 0;  // when the trial's process goes; 0: it has gone

  std::thread thread_;
};

}  // namespace driftserve
