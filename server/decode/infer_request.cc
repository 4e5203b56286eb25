#include "server/decode/infer_request.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/text.h"
#include "server/decode/parameters.h"
#include "server/decode/shared_tensors.h"
#include "server/decode/tensor_check.h"
#include "server/decode/typed_contents.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using InputTensor = ModelInferRequest::InferInputTensor;
using RequestedOutput = ModelInferRequest::InferRequestedOutputTensor;

std::string SpecNames(const std::vector<TensorSpec>& specs) {
  return absl::StrJoin(specs, ", ", [](std::string* out, const TensorSpec& spec) {
    absl::StrAppend(out, "'", spec.name, spec.optional ? "' (optional)" : "'");
  });
}

/// Index of `name`; the likely place is tried first. −1 when there is none.
int IndexOf(const std::vector<TensorSpec>& specs, const std::string& name, int likely) {
  if (likely < static_cast<int>(specs.size()) && specs[likely].name == name) return likely;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

int RequiredInputs(const ModelSettings& settings) {
  return static_cast<int>(std::count_if(settings.inputs.begin(), settings.inputs.end(),
                                        [](const TensorSpec& spec) { return !spec.optional; }));
}

absl::Status CheckCounts(const ModelInferRequest& request, const ModelSettings& settings) {
  const int raw = request.raw_input_contents_size();
  if (raw > request.inputs_size()) {
    return absl::InvalidArgumentError(
        Concat("raw_input_contents: expected one entry for each of the ", request.inputs_size(), " inputs, got ", raw));
  }
  const int given = request.inputs_size(), all = static_cast<int>(settings.inputs.size());
  if (given > all || (given < all && given < RequiredInputs(settings))) {
    return absl::InvalidArgumentError(
        Concat("model '", settings.name, "' expects ", all, " inputs (", SpecNames(settings.inputs), "), got ", given));
  }
  return absl::OkStatus();
}

/// What the inputs of one request are decoded with, and how far it is.
struct InputReader {
  const ModelInferRequest& request;
  const DecodeLimits& limits;
  int max_batch_size;
  DecodedRequest& decoded;
  int next_raw = 0;  // inputs in shared memory have no entry in raw_input_contents

  absl::Status Read(const InputTensor& input, const TensorSpec& spec, TensorView& tensor) {
    if (input.datatype() != Name(spec.type)) {
      return absl::InvalidArgumentError(
          Concat("input '", spec.name, "': expected datatype ", Name(spec.type), ", got '", input.datatype(), "'"));
    }
    const absl::Span<const int64_t> shape(input.shape().data(), input.shape_size());
    const absl::StatusOr<int64_t> elements = ElementCount(spec.name, shape);
    if (!elements.ok()) return elements.status();
    if (absl::Status status = CheckShape(spec, max_batch_size, shape); !status.ok()) return status;
    tensor.type = spec.type;
    tensor.shape.assign(shape.begin(), shape.end());
    if (absl::Status status = ReadBytes(input, spec, *elements, tensor); !status.ok()) return status;
    return CheckBytes(spec, tensor, *elements);
  }

  absl::Status ReadBytes(const InputTensor& input, const TensorSpec& spec, int64_t elements, TensorView& tensor) {
    if (!input.parameters().empty()) {
      const auto range = FindSharedRange(Concat("input '", spec.name, "'"), input.parameters(), limits.regions);
      if (!range.ok()) return range.status();
      if (range->has_value()) return ReadShared(input, spec, **range, elements, tensor);
    }
    if (request.raw_input_contents_size() == 0) {
      return ReadTypedContents(spec, input.contents(), tensor, decoded.scratch);
    }
    if (input.has_contents()) return GivenTwice(spec, "either in raw_input_contents or in contents");
    if (next_raw == request.raw_input_contents_size()) {
      return absl::InvalidArgumentError(
          Concat("raw_input_contents: expected one entry for each of the ", request.inputs_size(),
                 " inputs (those in shared memory have none), got ", next_raw));
    }
    const std::string& raw = request.raw_input_contents(next_raw++);
    tensor.bytes = raw.data();
    tensor.byte_size = raw.size();
    return absl::OkStatus();
  }

  absl::Status ReadShared(const InputTensor& input, const TensorSpec& spec, const SharedRange& range, int64_t elements,
                          TensorView& tensor) {
    if (input.has_contents()) return GivenTwice(spec, "either in shared memory or in contents");
    return CopySharedInput(spec, range, elements, limits.shared_input_bytes, tensor, decoded);
  }

  static absl::Status GivenTwice(const TensorSpec& spec, const char* where) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected its values ", where, ", got both"));
  }

  absl::Status CheckAllRead() const {
    if (next_raw == request.raw_input_contents_size()) return absl::OkStatus();
    return absl::InvalidArgumentError(Concat("raw_input_contents: expected one entry for each of the ", next_raw,
                                             " inputs that are not in shared memory, got ",
                                             request.raw_input_contents_size()));
  }
};

absl::Status DecodeInputs(const ModelInferRequest& request, const ModelSettings& settings, const DecodeLimits& limits,
                          DecodedRequest& decoded) {
  decoded.inputs.resize(settings.inputs.size());
  InputReader reader{request, limits, settings.max_batch_size, decoded};
  uint64_t seen = 0;  // a bit per input; models with more than 64 inputs are refused when loaded
  for (int position = 0; position < request.inputs_size(); ++position) {
    const std::string& name = request.inputs(position).name();
    const int index = IndexOf(settings.inputs, name, position);
    if (index < 0) {
      return absl::InvalidArgumentError(
          Concat("input '", name, "': model '", settings.name, "' expects ", SpecNames(settings.inputs)));
    }
    if ((seen >> index & 1) != 0)
      return absl::InvalidArgumentError(Concat("input '", name, "': expected once, got it twice"));
    seen |= uint64_t{1} << index;
    TensorView& tensor = decoded.inputs[index];
    if (absl::Status status = reader.Read(request.inputs(position), settings.inputs[index], tensor); !status.ok()) {
      return status;
    }
    decoded.byte_size += tensor.byte_size;
  }
  return reader.CheckAllRead();
}

absl::Status CheckRequired(const ModelSettings& settings, const DecodedRequest& decoded) {
  for (size_t i = 0; i < decoded.inputs.size(); ++i) {
    if (!decoded.inputs[i].absent() || settings.inputs[i].optional) continue;
    return absl::InvalidArgumentError(Concat("input '", settings.inputs[i].name, "' is missing: model '", settings.name,
                                             "' expects ", SpecNames(settings.inputs)));
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const ModelSettings& settings, DecodedRequest& decoded) {
  decoded.rows = 1;
  if (settings.max_batch_size == 0) return absl::OkStatus();
  size_t first = 0;
  const size_t count = decoded.inputs.size();
  while (first < count && decoded.inputs[first].absent()) ++first;
  if (first == count) {
    return absl::InvalidArgumentError(Concat("model '", settings.name, "' expects at least one of its inputs (",
                                             SpecNames(settings.inputs), "), whose rows are those of the request"));
  }
  decoded.rows = decoded.inputs[first].shape[0];
  for (size_t i = first + 1; i < count; ++i) {
    if (decoded.inputs[i].absent() || decoded.inputs[i].shape[0] == decoded.rows) continue;
    return absl::InvalidArgumentError(Concat("input '", settings.inputs[i].name, "': expected ", decoded.rows,
                                             " rows as in input '", settings.inputs[first].name, "', got ",
                                             decoded.inputs[i].shape[0]));
  }
  return absl::OkStatus();
}

/// The range of shared memory that an output is to be written to, for the output asked for last.
absl::Status DecodeOutputParameters(const RequestedOutput& output, const DecodeLimits& limits,
                                    DecodedRequest& decoded) {
  if (output.parameters().find("classification") != output.parameters().end()) {
    return absl::UnimplementedError(
        Concat("output '", output.name(), "': parameter 'classification' is not supported"));
  }
  const auto range = FindSharedRange(Concat("output '", output.name(), "'"), output.parameters(), limits.regions);
  if (!range.ok()) return range.status();
  if (!range->has_value()) return absl::OkStatus();
  decoded.output_ranges.resize(decoded.requested_outputs.size());
  decoded.output_ranges.back() = **range;
  return absl::OkStatus();
}

absl::Status DecodeOutputs(const ModelInferRequest& request, const ModelSettings& settings, const DecodeLimits& limits,
                           DecodedRequest& decoded) {
  for (int i = 0; i < request.outputs_size(); ++i) {
    const auto& output = request.outputs(i);
    const int index = IndexOf(settings.outputs, output.name(), i);
    if (index < 0) {
      return absl::InvalidArgumentError(
          Concat("output '", output.name(), "': model '", settings.name, "' has ", SpecNames(settings.outputs)));
    }
    // Named a million times, an output would be sent a million times.
    if (std::find(decoded.requested_outputs.begin(), decoded.requested_outputs.end(), index) !=
        decoded.requested_outputs.end()) {
      return absl::InvalidArgumentError(Concat("output '", output.name(), "': expected once, got it twice"));
    }
    decoded.requested_outputs.push_back(index);
    if (output.parameters().empty()) continue;
    if (absl::Status status = DecodeOutputParameters(output, limits, decoded); !status.ok()) return status;
  }
  decoded.names_outputs = request.outputs_size() > 0;
  if (!decoded.names_outputs) {
    for (size_t i = 0; i < settings.outputs.size(); ++i) decoded.requested_outputs.push_back(static_cast<int>(i));
  }
  return decoded.output_ranges.empty() ? absl::OkStatus() : CheckSharedOutputs(decoded);
}

}  // namespace

absl::Status DecodeInferRequest(const ModelInferRequest& request, const ModelSettings& settings,
                                const DecodeLimits& limits, DecodedRequest& decoded) {
  decoded.Clear();
  if (!request.parameters().empty()) {
    if (absl::Status status = ReadParameters(request.parameters(), decoded); !status.ok()) return status;
  }
  if (absl::Status status = CheckCounts(request, settings); !status.ok()) return status;
  if (absl::Status status = DecodeInputs(request, settings, limits, decoded); !status.ok()) return status;
  if (request.inputs_size() < static_cast<int>(settings.inputs.size())) {
    if (absl::Status status = CheckRequired(settings, decoded); !status.ok()) return status;
  }
  if (absl::Status status = CheckRows(settings, decoded); !status.ok()) return status;
  return DecodeOutputs(request, settings, limits, decoded);
}

}  // namespace driftserve
