#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "inference/grpc_service.pb.h"
#include "server/base/tensor.h"
#include "server/decode/decoded_request.h"
#include "server/execute/executor.h"
#include "server/shared_memory/shared_regions.h"

namespace driftserve {

using TensorParameters = google::protobuf::Map<std::string, inference::InferParameter>;

/// Where tensor `what` ("input 'x'") lies by its parameters shared_memory_region, shared_memory_byte_size and
/// shared_memory_offset; nothing where they name no region. `regions`: null where the server takes none.
///
/// INVALID_ARGUMENT for a region that is not registered or a range outside it, naming tensor and region; UNIMPLEMENTED
/// where the server takes none.
absl::StatusOr<std::optional<SharedRange>> FindSharedRange(const std::string& what, const TensorParameters& parameters,
                                                           const SharedRegions* regions);

/// Copies an input out of shared memory and points `tensor` at the copy: the caller may change the region from the
/// moment it has the reply, and what was checked stays what is used. `tensor.type` and `elements` say what is expected;
/// above `limit` bytes it is refused.
absl::Status CopySharedInput(const TensorSpec& spec, const SharedRange& range, int64_t elements, uint64_t limit,
                             TensorView& tensor, DecodedRequest& decoded);

/// That no two outputs of the request are to be written to the same bytes.
absl::Status CheckSharedOutputs(const DecodedRequest& decoded);

/// Writes one output to where the request wants it, and says in `parameters` where it is. INVALID_ARGUMENT naming the
/// output where it does not fit.
absl::Status WriteSharedOutput(const std::string& output, const SharedRange& range, const TensorView& tensor,
                               TensorParameters& parameters);

}  // namespace driftserve
