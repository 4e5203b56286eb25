#pragma once

#include "absl/status/status.h"
#include "driftserve/v1/predict.pb.h"
#include "driftserve/wire/predict.pb.h"
#include "server/decode/decoded_request.h"
#include "server/repository/model.h"

namespace driftserve {

/// Builds the tensors of `model` from named columns into `decoded.scratch`. Nulls become NaN in floating-point
/// inputs, empty strings in BYTES; elsewhere they are refused.
///
/// INVALID_ARGUMENT names the column, what was expected and what came; also for what v1's map and oneof cannot say: a
/// name given twice, values of several kinds. The order of the columns is kept in decoded.column_order, where the next
/// request's are looked for first.
absl::Status DecodePredictRequest(const driftserve::wire::PredictRequest& request, const Model& model,
                                  DecodedRequest& decoded);

/// The value as text, for strata taken from a parameter; empty where it has none.
std::string ParameterText(const driftserve::v1::Parameter& parameter);

}  // namespace driftserve
