#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/base/clock.h"
#include "server/execute/executor.h"
#include "server/repository/model.h"

namespace driftserve {

/// Proves, before anything is installed, that the bytes of a request load and run. What a trial finds never touches
/// the models that are served.
///
/// Thread safety: one caller at a time, but for Cancel.
class Trial {
 public:
  virtual ~Trial() = default;

  /// One run per bucket of `settings`. INVALID_ARGUMENT when the bytes do not load, the run's own error when they do
  /// not run, DEADLINE_EXCEEDED when it took longer than repository.trial_timeout_ms, RESOURCE_EXHAUSTED when it
  /// wanted more than repository.trial_memory_bytes, ABORTED when it crashed.
  virtual absl::Status Try(const LoadRequest& request, const ModelSettings& settings) = 0;

  /// What the module in `bytes` says of itself; errors as of Try. `file` is for messages.
  virtual absl::StatusOr<ModuleSignature> Signature(const std::string& file,
                                                    std::shared_ptr<const std::string> bytes) = 0;

  /// No trial follows for now: what is kept between trials goes.
  virtual void Rest() {}

  /// By any thread: the trial under way, and every later one, is CANCELLED.
  virtual void Cancel() {}
};

/// The trial itself, in whatever process: loads, freezes, and runs each bucket once. `tell` hears what begins.
absl::Status RunTrial(Loader& loader, const LoadRequest& request, const ModelSettings& settings,
                      const std::function<void(const std::string&)>& tell);

/// A trial inside the server: what makes torch itself crash takes the server with it, and a run that does not end is
/// not ended; its time is judged afterwards, its memory not at all. Loader and clock must outlive it.
class InProcessTrial : public Trial {
 public:
  InProcessTrial(Loader* loader, const Clock* clock, int64_t timeout_ms)
      : loader_(loader), clock_(clock), timeout_ms_(timeout_ms) {}
  absl::Status Try(const LoadRequest& request, const ModelSettings& settings) override;
  absl::StatusOr<ModuleSignature> Signature(const std::string& file,
                                            std::shared_ptr<const std::string> bytes) override {
    return loader_->Signature(file, *bytes);
  }

 private:
  Loader* const loader_;
  const Clock* const clock_;
  const int64_t timeout_ms_;
};

}  // namespace driftserve
