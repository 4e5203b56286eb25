#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "server/base/serving_counters.h"
#include "server/batch/admission.h"
#include "server/batch/inference.h"

namespace driftserve {

/// What the caller of a request that is refused is told: the code of contract and cause, and where there is one the
/// option to change. `now_ns`: the moment of the refusal, monotonic.
absl::Status RefusalStatus(Refusal refusal, const Inference& inference, const Admission& admission, int64_t now_ns);

}  // namespace driftserve
