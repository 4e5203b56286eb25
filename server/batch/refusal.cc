#include "server/batch/refusal.h"

#include "server/base/text.h"
#include "server/batch/policy.h"

namespace driftserve {
namespace {

absl::Status Hopeless(const Inference& inference, int64_t now_ns) {
  const Model& model = *inference.model;
  const int64_t estimate = EstimateNanos(model.settings.buckets, model.bucket_ns, inference.decoded.rows);
  return absl::DeadlineExceededError(Concat("the deadline leaves ", (inference.deadline_ns - now_ns) / 1000,
                                            " microseconds, and model '", model.settings.name, "' takes about ",
                                            estimate / 1000, " beside what waits before this request"));
}

}  // namespace

absl::Status RefusalStatus(Refusal refusal, const Inference& inference, const Admission& admission, int64_t now_ns) {
  switch (refusal) {
    case Refusal::kServerFull:
    case Refusal::kModelShare:
      return admission.Explain(refusal);
    case Refusal::kQueueFull: {
      const ModelSettings& settings = inference.model->settings;
      return absl::ResourceExhaustedError(
          Concat("model '", settings.name, "' holds ", settings.levels[inference.level].max_queue_size,
                 " requests that have not run (max_queue_size of config.pbtxt); try again later"));
    }
    case Refusal::kHopeless:
      return Hopeless(inference, now_ns);
    case Refusal::kExpired:
      return absl::DeadlineExceededError("the deadline passed while the request waited");
    case Refusal::kCancelled:
      return absl::CancelledError("the caller has gone away");
  }
  return absl::InternalError("refused");
}

}  // namespace driftserve
