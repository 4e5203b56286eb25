#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>

#include "server/access_log/access_log.h"
#include "server/base/clock.h"
#include "server/rpc/poller.h"
#include "server/rpc/prediction_service.h"
#include "server/tap/label_inbox.h"

namespace driftserve {

/// What answers ReportLabels on one poller.
struct LabelCallSettings {
  size_t poller = 0;
  const Clock* clock = nullptr;
  const Registry* registry = nullptr;
  const ServerState* state = nullptr;
  ServingCounters* unknown = nullptr;
  LabelInbox* inbox = nullptr;          // null: labels are UNIMPLEMENTED
  LabelProducer* producer = nullptr;    // of the inbox, for this poller
  AccessLogProducer* access = nullptr;  // of this poller; null: nothing is logged
};

/// Most labels of one request, and most bytes of a request id.
inline constexpr int kMostLabels = 10'000;
inline constexpr size_t kMostIdBytes = 1024;

/// Takes a request's labels for the observer, or says why not; counts what is refused. INVALID_ARGUMENT names the label
/// and the field, NOT_FOUND an unknown model, FAILED_PRECONDITION one whose monitor.yaml declares no labels,
/// RESOURCE_EXHAUSTED a full queue: nothing of the request was taken then. `answered` gets what the access log says of
/// the request itself, not of its call. Used by the poller's thread.
grpc::Status ReportLabels(const LabelCallSettings& settings, const v1::ReportLabelsRequest& request,
                          v1::ReportLabelsResponse& response, AccessEntry& answered);

/// Posts a call of ReportLabels on the poller's queue; accepting one posts the next. Everything happens on the poller's
/// thread, until its queue has run dry. `settings` must live as long.
void PostLabelCall(PredictionService* service, const LabelCallSettings* settings, Poller* poller);

}  // namespace driftserve
