#include "server/rpc/infer_messages.h"

#include "server/decode/infer_response.h"
#include "server/decode/parameters.h"

namespace driftserve {
namespace {

void KeepOthers(Inference& inference, const TensorList& outputs, int64_t first_row) {
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].absent() || !inference.outputs[i].absent()) continue;
    const TensorView slice =
        SliceRows(outputs[i], inference.model->settings.max_batch_size > 0, first_row, inference.decoded.rows);
    inference.outputs[i] = slice;
    inference.outputs[i].bytes = inference.decoded.scratch.emplace_back(slice.bytes, slice.byte_size).data();
  }
}

}  // namespace

absl::Status EncodeModelInfer(Inference& inference, const TensorList& outputs, int64_t first_row,
                              inference::ModelInferResponse& response) {
  absl::Status status = EncodeInferResponse(*inference.model, inference.decoded, outputs, first_row,
                                            inference.request_id, response, inference.outputs);
  if (status.ok() && inference.model->watched != nullptr) KeepOthers(inference, outputs, first_row);
  // A sample lives on after the answer, from when on a client may free what it has unregistered.
  inference.decoded.output_ranges.clear();
  return status;
}

std::string RequestParameter(const inference::ModelInferRequest& request, const std::string& name) {
  const auto found = request.parameters().find(name);
  return found == request.parameters().end() ? std::string() : ParameterText(found->second);
}

}  // namespace driftserve
