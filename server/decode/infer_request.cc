#include "server/decode/infer_request.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/text.h"
#include "server/decode/parameters.h"
#include "server/decode/tensor_check.h"
#include "server/decode/typed_contents.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;
using InputTensor = ModelInferRequest::InferInputTensor;

std::string SpecNames(const std::vector<TensorSpec>& specs) {
  return absl::StrJoin(specs, ", ",
                       [](std::string* out, const TensorSpec& spec) { absl::StrAppend(out, "'", spec.name, "'"); });
}

/// Index of `name`; the likely place is tried first. −1 when there is none.
int IndexOf(const std::vector<TensorSpec>& specs, const std::string& name, int likely) {
  if (likely < static_cast<int>(specs.size()) && specs[likely].name == name) return likely;
  for (size_t i = 0; i < specs.size(); ++i) {
    if (specs[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

absl::Status CheckCounts(const ModelInferRequest& request, const ModelSettings& settings) {
  const int raw = request.raw_input_contents_size();
  if (raw != 0 && raw != request.inputs_size()) {
    return absl::InvalidArgumentError(
        Concat("raw_input_contents: expected one entry for each of the ", request.inputs_size(), " inputs, got ", raw));
  }
  if (request.inputs_size() != static_cast<int>(settings.inputs.size())) {
    return absl::InvalidArgumentError(Concat("model '", settings.name, "' expects ", settings.inputs.size(),
                                             " inputs (", SpecNames(settings.inputs), "), got ",
                                             request.inputs_size()));
  }
  return absl::OkStatus();
}

absl::Status CheckInputParameters(const InputTensor& input) {
  for (const auto& [name, unused] : input.parameters()) {
    if (name == "shared_memory_region") {
      return absl::UnimplementedError(
          Concat("input '", input.name(), "': shared memory is not supported; send the values in raw_input_contents"));
    }
  }
  return absl::OkStatus();
}

absl::Status DecodeInput(const ModelInferRequest& request, int position, const TensorSpec& spec, int max_batch_size,
                         TensorView& tensor, std::deque<std::string>& scratch) {
  const InputTensor& input = request.inputs(position);
  if (input.datatype() != Name(spec.type)) {
    return absl::InvalidArgumentError(
        Concat("input '", spec.name, "': expected datatype ", Name(spec.type), ", got '", input.datatype(), "'"));
  }
  if (!input.parameters().empty()) {
    if (absl::Status status = CheckInputParameters(input); !status.ok()) return status;
  }
  const absl::Span<const int64_t> shape(input.shape().data(), input.shape_size());
  const absl::StatusOr<int64_t> elements = ElementCount(spec.name, shape);
  if (!elements.ok()) return elements.status();
  if (absl::Status status = CheckShape(spec, max_batch_size, shape); !status.ok()) return status;
  tensor.type = spec.type;
  tensor.shape.assign(shape.begin(), shape.end());
  if (request.raw_input_contents_size() == 0) {
    if (absl::Status status = ReadTypedContents(spec, input.contents(), tensor, scratch); !status.ok()) return status;
  } else {
    if (input.has_contents()) {
      return absl::InvalidArgumentError(
          Concat("input '", spec.name, "': expected its values either in raw_input_contents or in contents, got both"));
    }
    tensor.bytes = request.raw_input_contents(position).data();
    tensor.byte_size = request.raw_input_contents(position).size();
  }
  return CheckBytes(spec, tensor, *elements);
}

absl::Status DecodeInputs(const ModelInferRequest& request, const ModelSettings& settings, DecodedRequest& decoded) {
  decoded.inputs.resize(settings.inputs.size());
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
    if (absl::Status status =
            DecodeInput(request, position, settings.inputs[index], settings.max_batch_size, tensor, decoded.scratch);
        !status.ok()) {
      return status;
    }
    decoded.byte_size += tensor.byte_size;
  }
  return absl::OkStatus();
}

absl::Status CheckRows(const ModelSettings& settings, DecodedRequest& decoded) {
  decoded.rows = 1;
  if (settings.max_batch_size == 0) return absl::OkStatus();
  decoded.rows = decoded.inputs[0].shape[0];
  for (size_t i = 1; i < decoded.inputs.size(); ++i) {
    if (decoded.inputs[i].shape[0] == decoded.rows) continue;
    return absl::InvalidArgumentError(Concat("input '", settings.inputs[i].name, "': expected ", decoded.rows,
                                             " rows as in input '", settings.inputs[0].name, "', got ",
                                             decoded.inputs[i].shape[0]));
  }
  return absl::OkStatus();
}

absl::Status DecodeOutputs(const ModelInferRequest& request, const ModelSettings& settings, DecodedRequest& decoded) {
  for (int i = 0; i < request.outputs_size(); ++i) {
    const auto& output = request.outputs(i);
    const int index = IndexOf(settings.outputs, output.name(), i);
    if (index < 0) {
      return absl::InvalidArgumentError(
          Concat("output '", output.name(), "': model '", settings.name, "' has ", SpecNames(settings.outputs)));
    }
    for (const auto& [name, unused] : output.parameters()) {
      if (name == "classification" || name == "shared_memory_region") {
        return absl::UnimplementedError(
            Concat("output '", output.name(), "': parameter '", name, "' is not supported"));
      }
    }
    decoded.requested_outputs.push_back(index);
  }
  if (request.outputs_size() == 0) {
    for (size_t i = 0; i < settings.outputs.size(); ++i) decoded.requested_outputs.push_back(static_cast<int>(i));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status DecodeInferRequest(const ModelInferRequest& request, const ModelSettings& settings,
                                DecodedRequest& decoded) {
  decoded.Clear();
  if (!request.parameters().empty()) {
    if (absl::Status status = ReadParameters(request.parameters(), decoded); !status.ok()) return status;
  }
  if (absl::Status status = CheckCounts(request, settings); !status.ok()) return status;
  if (absl::Status status = DecodeInputs(request, settings, decoded); !status.ok()) return status;
  if (absl::Status status = CheckRows(settings, decoded); !status.ok()) return status;
  return DecodeOutputs(request, settings, decoded);
}

}  // namespace driftserve
