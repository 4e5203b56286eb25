#pragma once

#include <cstdint>
#include <string_view>

#include "driftserve/wire/predict.pb.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"

namespace driftserve {

/// Fills `response` with rows [first, first + decoded.rows) of `outputs` as named columns. A value that monitor.yaml
/// calls a prediction has that name; others are called after their tensor, with ".<column>" where it has several.
/// `kept` receives a copy of the rows' output bytes, and `views` points into it: the tap hands them on.
void EncodePredictResponse(const Model& model, const DecodedRequest& decoded, const TensorList& outputs, int64_t first,
                           std::string_view request_id, driftserve::wire::PredictResponse& response, std::string& kept,
                           TensorList& views);

}  // namespace driftserve
