#pragma once

#include "driftserve/v1/predict.grpc.pb.h"

namespace driftserve {

/// Prediction by named columns, and the labels that come later: both asynchronous, on the pollers' queues
/// (unary_calls.h, label_calls.h). Thread-safe.
using PredictionService = v1::Prediction::AsyncService;

}  // namespace driftserve
