#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"
#include "server/shared_memory/shared_regions.h"

namespace driftserve {

/// What of the server, rather than of the model, a request may use.
struct DecodeLimits {
  const SharedRegions* regions = nullptr;  // null: no shared memory
  uint64_t shared_input_bytes = uint64_t{64} << 20;  // largest input that is copied out of shared memory
};

/// Checks `request` against `settings` and points `decoded` at its tensors. Strata are not resolved here.
///
/// INVALID_ARGUMENT names the tensor or parameter, what was expected and what came; UNIMPLEMENTED for classification,
/// and for shared memory where `limits` has none.
absl::Status DecodeInferRequest(const inference::ModelInferRequest& request, const ModelSettings& settings,
                                const DecodeLimits& limits, DecodedRequest& decoded);

}  // namespace driftserve
