#include "server/batch/inference.h"

#include "server/batch/policy.h"

namespace driftserve {

std::optional<Refusal> WhyNot(const Inference& inference, int64_t now_ns) {
  if (inference.Cancelled()) return Refusal::kCancelled;
  if (inference.deadline_ns == kNoDeadline) return std::nullopt;
  if (inference.deadline_ns < now_ns) return Refusal::kExpired;
  const Model& model = *inference.model;
  const int64_t estimate = EstimateNanos(model.settings.buckets, model.bucket_ns, inference.decoded.rows);
  if (Hopeless(now_ns, inference.deadline_ns, estimate)) return Refusal::kHopeless;
  return std::nullopt;
}

}  // namespace driftserve
