#pragma once

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"

namespace driftserve {

/// Checks `request` against `settings` and points `decoded` at its tensors. Strata are not resolved here.
///
/// INVALID_ARGUMENT names the tensor or parameter, what was expected and what came; UNIMPLEMENTED for shared memory
/// and classification.
absl::Status DecodeInferRequest(const inference::ModelInferRequest& request, const ModelSettings& settings,
                                DecodedRequest& decoded);

}  // namespace driftserve
