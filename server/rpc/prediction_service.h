#pragma once

#include "driftserve/v1/predict.grpc.pb.h"

namespace driftserve {

/// Prediction by named columns. Predict is asynchronous, on the pollers' queues. Thread-safe.
class PredictionService final : public v1::Prediction::WithAsyncMethod_Predict<v1::Prediction::Service> {
 public:
  grpc::Status ReportLabels(grpc::ServerContext*, const v1::ReportLabelsRequest*, v1::ReportLabelsResponse*) override;
};

}  // namespace driftserve
