#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace driftserve {

/// The same code and text; absl's and gRPC's codes are numbered alike.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace driftserve
