#include "server/decode/infer_response.h"

#include "server/base/text.h"
#include "server/decode/bytes_tensor.h"
#include "server/decode/shared_tensors.h"

namespace driftserve {
namespace {

/// Elements per row of a tensor whose first dimension counts rows.
int64_t RowElements(const TensorView& tensor) {
  int64_t count = 1;
  for (size_t i = 1; i < tensor.shape.size(); ++i) count *= tensor.shape[i];
  return count;
}

/// The end of `rows` rows of a BYTES tensor that begin at `from`.
const char* SkipRows(const TensorView& tensor, const char* from, int64_t rows) {
  BytesReader reader(from, tensor.bytes + tensor.byte_size - from);
  for (int64_t i = rows * RowElements(tensor); i > 0; --i) reader.Next();
  return reader.position();
}

}  // namespace

TensorView SliceRows(const TensorView& tensor, bool batches, int64_t first, int64_t count) {
  if (!batches || (first == 0 && tensor.shape[0] == count)) return tensor;
  TensorView slice = tensor;
  slice.shape[0] = count;
  if (tensor.type == DataType::kBytes) {
    slice.bytes = SkipRows(tensor, tensor.bytes, first);
    slice.byte_size = SkipRows(tensor, slice.bytes, count) - slice.bytes;
  } else {
    const size_t row_bytes = tensor.byte_size / tensor.shape[0];
    slice.bytes = tensor.bytes + first * row_bytes;
    slice.byte_size = count * row_bytes;
  }
  return slice;
}

absl::Status EncodeInferResponse(const Model& model, const DecodedRequest& decoded, const TensorList& outputs,
                                 int64_t first, std::string_view request_id, inference::ModelInferResponse& response,
                                 TensorList& views) {
  response.Clear();
  response.set_model_name(model.settings.name);
  response.set_model_version(model.version_text);
  response.set_id(request_id.data(), request_id.size());
  views.clear();
  views.resize(outputs.size());
  for (size_t i = 0; i < decoded.requested_outputs.size(); ++i) {
    const int index = decoded.requested_outputs[i];
    if (outputs[index].absent()) {
      if (!decoded.names_outputs) continue;
      return absl::InvalidArgumentError(Concat("output '", model.settings.outputs[index].name,
                                               "': asked for by name, and the model returned None for these inputs"));
    }
    const TensorView slice = SliceRows(outputs[index], model.settings.max_batch_size > 0, first, decoded.rows);
    auto* output = response.add_outputs();
    output->set_name(model.settings.outputs[index].name);
    const std::string_view type = Name(slice.type);
    output->set_datatype(type.data(), type.size());
    for (const int64_t dimension : slice.shape) output->add_shape(dimension);
    std::string* raw = response.add_raw_output_contents();
    if (i < decoded.output_ranges.size() && decoded.output_ranges[i].region != nullptr) {
      const absl::Status status =
          WriteSharedOutput(output->name(), decoded.output_ranges[i], slice, *output->mutable_parameters());
      if (!status.ok()) return status;
      continue;
    }
    raw->assign(slice.bytes, slice.byte_size);
    views[index] = slice;
    views[index].bytes = raw->data();
  }
  return absl::OkStatus();
}

}  // namespace driftserve
