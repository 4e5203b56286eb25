#pragma once

#include <grpcpp/support/status.h>

#include <cstddef>

#include "absl/status/status.h"

namespace driftserve {

/// Most bytes of a status message. It travels as a header, each byte of it as three at worst, and clients end a call
/// whose headers exceed 8 KiB without showing the status.
inline constexpr size_t kMostMessageBytes = 2000;

/// The same code and text; absl's and gRPC's codes are numbered alike. A text of more than kMostMessageBytes, which
/// quotes what the caller sent, loses its middle. Every status that quotes a caller is made by this.
grpc::Status ToGrpcStatus(const absl::Status& status);

}  // namespace driftserve
