#include "server/rpc/stream_inference.h"

#include "server/rpc/infer_messages.h"
#include "server/rpc/metadata.h"
#include "server/rpc/stream_calls.h"

namespace driftserve {
namespace {

// Every model here answers a request once: clients of decoupled models wait for this mark.
constexpr char kFinalResponse[] = "triton_final_response";

}  // namespace

absl::Status StreamInference::Decode(const DecodeLimits& limits) {
  return DecodeInferRequest(request, model->settings, limits, decoded);
}

absl::Status StreamInference::Encode(const TensorList& model_outputs, int64_t first_row) {
  response.clear_error_message();
  return EncodeModelInfer(*this, model_outputs, first_row, *response.mutable_infer_response());
}

void StreamInference::Send(const absl::Status& status) {
  inference::ModelInferResponse& answer = *response.mutable_infer_response();
  if (!status.ok()) {
    NoteRefused(request.ByteSizeLong());
    response.set_error_message(std::string(status.message()));
    answer.Clear();
    // Which request failed.
    answer.set_id(request.id());
    answer.set_model_name(request.model_name());
    answer.set_model_version(request.model_version());
  }
  (*answer.mutable_parameters())[kFinalResponse].set_bool_param(true);
  stream->Deliver(response);
}

bool StreamInference::Cancelled() const { return stream->cancelled(); }

std::string StreamInference::Traceparent() const { return MetadataEntry(stream->context(), "traceparent"); }

std::string StreamInference::Peer() const { return stream->context().peer(); }

std::string StreamInference::ParameterNamed(const std::string& name) const { return RequestParameter(request, name); }

std::string StreamInference::MetadataNamed(const std::string& name) const {
  return MetadataEntry(stream->context(), name);
}

int64_t StreamInference::CallerDeadlineNanos() const { return MonotonicDeadline(stream->context()); }

bool StreamInference::worth_keeping() const { return decoded.byte_size <= kKeepBytes; }

}  // namespace driftserve
