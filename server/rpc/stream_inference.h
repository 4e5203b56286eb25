#pragma once

#include <string>

#include "inference/grpc_service.pb.h"
#include "server/rpc/rpc_inference.h"

namespace driftserve {

class StreamCall;

/// One message of a ModelInfer stream and its answer. Separate from the stream, so that it can travel on as the owner
/// of a sample. Errors are answers too: the stream lives on.
class StreamInference final : public RpcInference {
 public:
  StreamInference() { method = Method::kModelStreamInfer; }

  const std::string& model_name() const override { return request.model_name(); }
  const std::string& model_version() const override { return request.model_version(); }
  const std::string& client_request_id() const override { return request.id(); }
  absl::Status Decode(const DecodeLimits& limits) override;
  absl::Status Encode(const TensorList& model_outputs, int64_t first_row) override;
  void Send(const absl::Status& status) override;
  bool Cancelled() const override;
  std::string Traceparent() const override;
  std::string Peer() const override;
  std::string ParameterNamed(const std::string& name) const override;
  std::string MetadataNamed(const std::string& name) const override;
  int64_t CallerDeadlineNanos() const override;
  bool worth_keeping() const override;

  inference::ModelInferRequest request;
  inference::ModelStreamInferResponse response;
  StreamCall* stream = nullptr;
};

}  // namespace driftserve
