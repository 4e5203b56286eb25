#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/access_log/access_log.h"
#include "server/base/log.h"
#include "server/batch/instance_pool.h"
#include "server/control/model_host.h"
#include "server/observe/observer.h"
#include "server/tap/tap.h"

namespace driftserve {

/// What the host needs of the rest. Everything it points to outlives the host.
struct ServingHostSettings {
  const Clock* clock = nullptr;
  Admission* admission = nullptr;
  Tap* tap = nullptr;
  AccessLog* access_log = nullptr;  // null: nothing is logged
  Observer* observer = nullptr;
  uint64_t boot_id = 0;
  Log log;
  size_t pollers = 0;
  /// Runs `work` on a poller's own thread, some time soon.
  std::function<void(size_t poller, std::function<void()> work)> execute;
  /// On a poller's own thread: turns to what the registry holds now.
  std::function<void(size_t poller)> refresh;
  std::function<void(const std::string& name, bool serving)> set_health;
  std::function<void(const std::string& model, const absl::Status& fault)> device_fault;
};

/// Requests of models that are gone: answered, and refused or failed.
struct RequestTotals {
  uint64_t answered = 0;
  uint64_t failed = 0;

  void Add(const ServingCounters& counters);
};

/// Warms models on the pollers, one run at a time between the poller's own work, or on instance threads of their own.
///
/// Thread safety: as of ModelHost; past() by anyone. Lifetime: the instance threads of a model live until its Release.
class ServingHost final : public ModelHost {
 public:
  explicit ServingHost(ServingHostSettings settings) : settings_(std::move(settings)) {}

  absl::Status Prepare(const std::shared_ptr<Model>& model) override;
  void Watch(const Model& model) override;
  void Unwatch(const Model& model) override;
  void SetServing(const std::string& name, bool serving) override { settings_.set_health(name, serving); }
  void Settle() override;
  void Release(Model& model) override;

  RequestTotals past() const;

 private:
  /// One thread's ends of what takes from all of them.
  struct Producers {
    TapProducer* tap = nullptr;
    AccessLogProducer* access = nullptr;
  };

  /// Runs `work` on every poller's thread, and returns when it has run on all, with the first failure.
  absl::Status OnEveryPoller(const std::function<absl::Status(size_t)>& work);
  absl::Status WarmOnPollers(Model& model);
  void WarnOfRecordings(const Model& model) const;
  absl::Status StartInstances(const std::shared_ptr<Model>& model);
  ServingThread InstanceThread(const Model* model, size_t slot);
  /// REQUIRES: mutex_ held.
  Producers TakeProducers();

  const ServingHostSettings settings_;

  std::map<const Model*, std::shared_ptr<InstancePool>> pools_;  // the loader's thread only

  mutable std::mutex mutex_;  // guards everything below
  // The observer and the access log look through every producer there ever was: those of threads that have ended are
  // used again.
  std::map<const Model*, std::vector<Producers>> producers_;
  std::vector<Producers> free_producers_;
  RequestTotals past_;
};

}  // namespace driftserve
