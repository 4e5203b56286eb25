#pragma once

#include <grpcpp/grpcpp.h>

#include "driftserve/v1/predict.grpc.pb.h"
#include "driftserve/wire/predict.pb.h"

namespace driftserve {

/// Prediction by named columns, and the labels that come later: both asynchronous, on the pollers' queues
/// (unary_calls.h, label_calls.h). Thread-safe.
class PredictionService final : public v1::Prediction::AsyncService {
 public:
  /// RequestPredict, with messages that are cheaper to use again.
  void RequestWirePredict(grpc::ServerContext* context, wire::PredictRequest* request,
                          grpc::ServerAsyncResponseWriter<wire::PredictResponse>* responder,
                          grpc::ServerCompletionQueue* queue, void* tag) {
    constexpr int kPredict = 0;  // its place among the service's methods
    RequestAsyncUnary(kPredict, context, request, responder, queue, queue, tag);
  }
};

}  // namespace driftserve
