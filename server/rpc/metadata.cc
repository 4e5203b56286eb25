#include "server/rpc/metadata.h"

#include <grpc/support/time.h>

#include <limits>

namespace driftserve {

std::string MetadataEntry(const grpc::ServerContext& context, const std::string& name) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

int64_t MonotonicDeadline(const grpc::ServerContext& context) {
  const gpr_timespec deadline = context.raw_deadline();
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return std::numeric_limits<int64_t>::max();
  const gpr_timespec monotonic = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);
  if (monotonic.tv_sec > std::numeric_limits<int64_t>::max() / 2'000'000'000)
    return std::numeric_limits<int64_t>::max();
  return monotonic.tv_sec * 1'000'000'000 + monotonic.tv_nsec;
}

}  // namespace driftserve
