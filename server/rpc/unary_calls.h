#pragma once

#include <memory>

#include "server/rpc/inference_service.h"
#include "server/rpc/poller.h"
#include "server/rpc/prediction_service.h"

namespace driftserve {

/// The unary calls that one poller serves: ModelInfer and Predict.
class ServingCalls {
 public:
  virtual ~ServingCalls() = default;
  /// Posts `count` calls of each kind. On the poller's thread.
  virtual void Post(int count) = 0;
};

/// Also tells the poller where spent messages go. Lifetime: until the poller's queue has run dry.
std::unique_ptr<ServingCalls> MakeServingCalls(Poller* poller, InferenceService* inference,
                                               PredictionService* prediction);

}  // namespace driftserve
