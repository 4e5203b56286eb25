#pragma once

#include <string>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/batch/inference.h"

namespace driftserve {

/// What ModelInfer and ModelStreamInfer share. Encodes one request's rows into `response`, and points
/// `inference.outputs` at them; where the model is watched, outputs that the response does not hold are copied, so that
/// a caller who asks for some outputs only does not make the others look missing to the observer.
absl::Status EncodeModelInfer(Inference& inference, const TensorList& outputs, int64_t first_row,
                              inference::ModelInferResponse& response);

/// A request parameter as text; empty where there is none.
std::string RequestParameter(const inference::ModelInferRequest& request, const std::string& name);

}  // namespace driftserve
