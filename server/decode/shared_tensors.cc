#include "server/decode/shared_tensors.h"

#include <memory>
#include <utility>

#include "server/base/device_fault.h"
#include "server/base/text.h"

namespace driftserve {
namespace {

using inference::InferParameter;

constexpr char kRegion[] = "shared_memory_region";
constexpr char kByteSize[] = "shared_memory_byte_size";
constexpr char kOffset[] = "shared_memory_offset";

absl::Status ReadSize(const std::string& what, const TensorParameters& parameters, const char* name, uint64_t& value) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return absl::OkStatus();
  const InferParameter& parameter = found->second;
  if (parameter.parameter_choice_case() == InferParameter::kUint64Param) {
    value = parameter.uint64_param();
    return absl::OkStatus();
  }
  if (parameter.parameter_choice_case() == InferParameter::kInt64Param && parameter.int64_param() >= 0) {
    value = static_cast<uint64_t>(parameter.int64_param());
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(Concat(what, ": parameter '", name, "': expected int64_param, at least 0, got ",
                                           parameter.ShortDebugString()));
}

}  // namespace

absl::StatusOr<std::optional<SharedRange>> FindSharedRange(const std::string& what, const TensorParameters& parameters,
                                                           const SharedRegions* regions) {
  const auto named = parameters.find(kRegion);
  if (named == parameters.end()) return std::nullopt;
  if (named->second.parameter_choice_case() != InferParameter::kStringParam) {
    return absl::InvalidArgumentError(Concat(what, ": parameter '", kRegion, "': expected string_param, got ",
                                             named->second.ShortDebugString()));
  }
  if (regions == nullptr) {
    return absl::UnimplementedError(
        Concat(what, ": this server takes no shared memory (grpc.shared_memory); send values in raw_input_contents"));
  }
  const std::string& name = named->second.string_param();
  SharedRange range;
  range.region = regions->Find(name);
  if (range.region == nullptr) {
    return absl::InvalidArgumentError(Concat(what, ": shared memory region '", name, "' is not registered"));
  }
  range.byte_size = range.region->byte_size();
  if (absl::Status status = ReadSize(what, parameters, kByteSize, range.byte_size); !status.ok()) return status;
  if (absl::Status status = ReadSize(what, parameters, kOffset, range.offset); !status.ok()) return status;
  if (!range.region->Holds(range.offset, range.byte_size)) {
    return absl::InvalidArgumentError(Concat(what, ": expected a range within the ", range.region->byte_size(),
                                             " bytes of shared memory region '", name, "', got ", range.byte_size,
                                             " bytes from offset ", range.offset));
  }
  return range;
}

absl::Status CopySharedInput(const TensorSpec& spec, const SharedRange& range, int64_t elements, uint64_t limit,
                             TensorView& tensor, DecodedRequest& decoded) {
  const size_t size = ElementSize(tensor.type);
  if (size != 0 && range.byte_size / size != static_cast<uint64_t>(elements)) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected ", elements, " elements of ", size,
                                             " bytes each, got shared_memory_byte_size ", range.byte_size));
  }
  if (range.byte_size > limit) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected at most ", limit,
                                             " bytes (grpc.max_message_bytes), got shared_memory_byte_size ",
                                             range.byte_size));
  }
  // Not zeroed first: every byte is read.
  std::unique_ptr<char[]> copy(new char[range.byte_size]);
  if (absl::Status status = range.region->Read(range.offset, range.byte_size, copy.get()); !status.ok()) {
    return Prefixed(Concat("input '", spec.name, "'"), status);
  }
  tensor.bytes = copy.get();
  tensor.byte_size = range.byte_size;
  decoded.copies.push_back(std::move(copy));
  return absl::OkStatus();
}

absl::Status CheckSharedOutputs(const DecodedRequest& decoded) {
  const auto& ranges = decoded.output_ranges;
  for (size_t i = 0; i < ranges.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (ranges[i].region == nullptr || ranges[j].region == nullptr) continue;
      if (!ranges[i].region->Overlaps(ranges[i].offset, ranges[i].byte_size, *ranges[j].region, ranges[j].offset,
                                      ranges[j].byte_size)) {
        continue;
      }
      return absl::InvalidArgumentError(Concat("outputs ", j + 1, " and ", i + 1,
                                               " of the request overlap in shared memory regions '",
                                               ranges[j].region->name(), "' and '", ranges[i].region->name(), "'"));
    }
  }
  return absl::OkStatus();
}

absl::Status WriteSharedOutput(const std::string& output, const SharedRange& range, const TensorView& tensor,
                               TensorParameters& parameters) {
  const std::string& name = range.region->name();
  if (tensor.byte_size > range.byte_size) {
    return absl::InvalidArgumentError(Concat("output '", output, "': has ", tensor.byte_size,
                                             " bytes, and the request leaves ", range.byte_size,
                                             " in shared memory region '", name, "'"));
  }
  if (absl::Status status = range.region->Write(range.offset, {tensor.bytes, tensor.byte_size}); !status.ok()) {
    return Prefixed(Concat("output '", output, "'"), status);
  }
  parameters[kRegion].set_string_param(name);
  parameters[kByteSize].set_int64_param(static_cast<int64_t>(tensor.byte_size));
  parameters[kOffset].set_int64_param(static_cast<int64_t>(range.offset));
  return absl::OkStatus();
}

}  // namespace driftserve
