#pragma once

#include <cstdint>

#include "inference/grpc_service.pb.h"
#include "server/repository/model.h"

namespace driftserve {

/// What ModelStatistics says of one model version: its threads' slots, summed. `monotonic_ns` and `unix_ns` are now.
///
/// Every count of a duration is that of the requests that succeeded, read once, so that they agree while requests are
/// being answered. Inputs are used where they are and gathering belongs to the model's run: compute_input takes 0 ns.
void FillStatistics(const Model& model, int64_t monotonic_ns, int64_t unix_ns, inference::ModelStatistics& statistics);

}  // namespace driftserve
