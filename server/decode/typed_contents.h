#pragma once

#include <deque>
#include <string>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/base/tensor.h"
#include "server/execute/executor.h"

namespace driftserve {

/// Points `tensor` at the values of `contents`: in place where the wire type is the element type, converted into
/// `scratch` where it is narrower (INT8, INT16, UINT8, UINT16, BOOL) or BYTES. INVALID_ARGUMENT names the input, the
/// field that its type goes into, and what came.
absl::Status ReadTypedContents(const TensorSpec& spec, const inference::InferTensorContents& contents,
                               TensorView& tensor, std::deque<std::string>& scratch);

}  // namespace driftserve
