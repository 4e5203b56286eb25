#include "server/rpc/prediction_service.h"

namespace driftserve {

grpc::Status PredictionService::ReportLabels(grpc::ServerContext*, const v1::ReportLabelsRequest*,
                                             v1::ReportLabelsResponse*) {
  return grpc::Status(grpc::StatusCode::UNIMPLEMENTED,
                      "this server does not join labels to predictions yet; keep them by request id and row");
}

}  // namespace driftserve
