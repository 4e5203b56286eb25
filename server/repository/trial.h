#pragma once

#include "absl/status/status.h"
#include "server/base/clock.h"
#include "server/execute/executor.h"
#include "server/repository/model.h"

namespace driftserve {

/// Proves, before anything is installed, that the bytes of a request load and run. What a trial finds never touches
/// the models that are served.
class Trial {
 public:
  virtual ~Trial() = default;

  /// One run per bucket of `settings`. INVALID_ARGUMENT when the bytes do not load, the run's own error when they do
  /// not run, DEADLINE_EXCEEDED when it took longer than repository.trial_timeout_ms.
  virtual absl::Status Try(const LoadRequest& request, const ModelSettings& settings) = 0;
};

/// A trial inside the server: what makes torch itself crash still takes the server with it, and a run that does not
/// end is not ended; its time is judged afterwards. Loader and clock must outlive it.
class InProcessTrial : public Trial {
 public:
  InProcessTrial(Loader* loader, const Clock* clock, int64_t timeout_ms)
      : loader_(loader), clock_(clock), timeout_ms_(timeout_ms) {}
  absl::Status Try(const LoadRequest& request, const ModelSettings& settings) override;

 private:
  Loader* const loader_;
  const Clock* const clock_;
  const int64_t timeout_ms_;
};

}  // namespace driftserve
