#include "server/repository/trial.h"

#include "server/base/text.h"
#include "server/repository/warm.h"

namespace driftserve {

absl::Status RunTrial(Loader& loader, const LoadRequest& request, const ModelSettings& settings,
                      const std::function<void(const std::string&)>& tell) {
  tell("loading");
  absl::StatusOr<std::shared_ptr<Executable>> executable = loader.Load(request);
  if (!executable.ok()) return executable.status();
  absl::StatusOr<std::unique_ptr<Graph>> graph = (*executable)->NewGraph();
  if (!graph.ok()) return graph.status();
  TensorList outputs;
  for (const int bucket : settings.buckets) {
    tell(Concat("running a batch of ", bucket));
    const WarmInputs inputs(settings, bucket);
    const BatchItem item = inputs.item();
    if (absl::Status status = (*graph)->Run({&item, 1}, outputs); !status.ok()) {
      return absl::Status(status.code(), Concat(request.file, ": ", status.message(), " (in a trial with a batch of ",
                                                bucket, "; model_warmup in config.pbtxt says what to try with)"));
    }
  }
  return absl::OkStatus();
}

absl::Status InProcessTrial::Try(const LoadRequest& request, const ModelSettings& settings) {
  const int64_t start_ns = clock_->MonotonicNanos();
  if (absl::Status status = RunTrial(*loader_, request, settings, [](const std::string&) {}); !status.ok()) {
    return status;
  }
  const int64_t took_ms = (clock_->MonotonicNanos() - start_ns) / 1'000'000;
  if (took_ms <= timeout_ms_) return absl::OkStatus();
  return absl::DeadlineExceededError(
      Concat(request.file, ": the trial took ", took_ms, " ms, repository.trial_timeout_ms allows ", timeout_ms_));
}

}  // namespace driftserve
