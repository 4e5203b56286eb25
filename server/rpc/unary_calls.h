#pragma once

#include <memory>

#include "server/rpc/inference_service.h"
#include "server/rpc/poller.h"
#include "server/rpc/prediction_service.h"

namespace driftserve {

/// The inference calls that one poller serves: ModelInfer, Predict and ModelStreamInfer.
class ServingCalls {
 public:
  virtual ~ServingCalls() = default;
  /// Posts `count` calls of each kind. On the poller's thread.
  virtual void Post(int count) = 0;
  /// Ends every stream once the messages it has read are answered. On the poller's thread.
  virtual void EndStreams() = 0;
};

/// Also tells the poller where spent messages go. `most_in_flight`: messages of one stream that are read and not
/// answered. Lifetime: until the poller's queue has run dry.
std::unique_ptr<ServingCalls> MakeServingCalls(Poller* poller, InferenceService* inference,
                                               PredictionService* prediction, int most_in_flight);

}  // namespace driftserve
