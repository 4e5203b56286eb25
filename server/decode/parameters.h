#pragma once

#include <string>

#include "absl/status/status.h"
#include "inference/grpc_service.pb.h"
#include "server/decode/decoded_request.h"

namespace driftserve {

/// Request parameters that change how a request is served: `timeout` (int64, microseconds) and `priority` (int64 or
/// uint64, at least 0). Those that other features of Triton would read (sequences, unknown triton_* keys) are refused
/// with a sentence; all others are the caller's own.
absl::Status ReadParameters(const google::protobuf::Map<std::string, inference::InferParameter>& parameters,
                            DecodedRequest& decoded);

/// The value as text, for strata taken from a parameter; empty where it has none.
std::string ParameterText(const inference::InferParameter& parameter);

}  // namespace driftserve
