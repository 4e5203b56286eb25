#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"

namespace driftserve {

/// The part of `tensor` that belongs to rows [first, first + count); the whole tensor where the model does not batch.
TensorView SliceRows(const TensorView& tensor, bool batches, int64_t first, int64_t count);

/// Fills `response` with rows [first, first + decoded.rows) of `outputs`, raw contents always; an output that goes to
/// shared memory is written there and has an empty entry. `views` then points, in the order of the model's outputs, at
/// the bytes inside the response (and stays empty for outputs not asked for or written to shared memory). An error
/// where an output does not fit the shared memory that the request leaves for it.
absl::Status EncodeInferResponse(const Model& model, const DecodedRequest& decoded, const TensorList& outputs,
                                 int64_t first, std::string_view request_id, inference::ModelInferResponse& response,
                                 TensorList& views);

}  // namespace driftserve
