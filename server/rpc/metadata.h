#pragma once

#include <grpcpp/server_context.h>

#include <cstdint>
#include <string>

namespace driftserve {

/// One entry of the caller's metadata; empty where there is none. Names are lower case.
std::string MetadataEntry(const grpc::ServerContext& context, const std::string& name);

/// The caller's deadline on the monotonic clock, nanoseconds; kNoDeadline (INT64_MAX) without one.
int64_t MonotonicDeadline(const grpc::ServerContext& context);

}  // namespace driftserve
