#include "server/rpc/unary_calls.h"

#include <algorithm>

#include "server/decode/infer_request.h"
#include "server/decode/predict_request.h"
#include "server/decode/predict_response.h"
#include "server/rpc/infer_messages.h"
#include "server/rpc/stream_calls.h"
#include "server/rpc/unary_call.h"

namespace driftserve {
namespace {

struct ModelInferKind {
  using Request = inference::ModelInferRequest;
  using Response = inference::ModelInferResponse;
  using Service = InferenceService;
  using Messages = UnaryInference<ModelInferKind>;
  static constexpr Method kMethod = Method::kModelInfer;

  static void RequestCall(Service* service, grpc::ServerContext* context, Request* request,
                          grpc::ServerAsyncResponseWriter<Response>* responder, grpc::ServerCompletionQueue* queue,
                          void* tag) {
    service->RequestModelInfer(context, request, responder, queue, queue, tag);
  }
  static const std::string& RequestId(const Request& request) { return request.id(); }
  static std::string Parameter(const Request& request, const std::string& name) {
    return RequestParameter(request, name);
  }
  static absl::Status Decode(Messages& messages, const DecodeLimits& limits) {
    return DecodeInferRequest(messages.request, messages.model->settings, limits, messages.decoded);
  }
  static absl::Status Encode(Messages& messages, const TensorList& outputs, int64_t first) {
    return EncodeModelInfer(messages, outputs, first, messages.response);
  }
};

struct PredictKind {
  using Request = wire::PredictRequest;
  using Response = wire::PredictResponse;
  using Service = PredictionService;
  using Messages = UnaryInference<PredictKind>;
  static constexpr Method kMethod = Method::kPredict;

  static void RequestCall(Service* service, grpc::ServerContext* context, Request* request,
                          grpc::ServerAsyncResponseWriter<Response>* responder, grpc::ServerCompletionQueue* queue,
                          void* tag) {
    service->RequestWirePredict(context, request, responder, queue, tag);
  }
  static const std::string& RequestId(const Request& request) { return request.request_id(); }
  static std::string Parameter(const Request& request, const std::string& name) {
    const auto found = request.parameters().find(name);
    return found == request.parameters().end() ? std::string() : ParameterText(found->second);
  }
  static absl::Status Decode(Messages& messages, const DecodeLimits&) {
    return DecodePredictRequest(messages.request, *messages.model, messages.decoded);
  }
  static absl::Status Encode(Messages& messages, const TensorList& outputs, int64_t first) {
    EncodePredictResponse(*messages.model, messages.decoded, outputs, first, messages.request_id, messages.response,
                          messages.kept_outputs, messages.outputs);
    return absl::OkStatus();
  }
};

// Streams posted at a time: each lives long, and posts its replacement when it is accepted.
constexpr int kPostedStreams = 16;

class PollerCalls final : public ServingCalls {
 public:
  PollerCalls(Poller* poller, InferenceService* inference, PredictionService* prediction, int most_in_flight)
      : infer_(poller, inference), predict_(poller, prediction), streams_(poller, inference, most_in_flight) {
    poller->SetReclaim([this](std::unique_ptr<SampleOwner> spent) { Reclaim(std::move(spent)); });
  }

  void Post(int count) override {
    for (int i = 0; i < count; ++i) {
      infer_.Post();
      predict_.Post();
    }
    for (int i = 0; i < std::min(count, kPostedStreams); ++i) streams_.Post();
  }

  void EndStreams() override { streams_.End(); }

 private:
  // A poller taps only what it accepted, so what comes back is of its own kinds.
  void Reclaim(std::unique_ptr<SampleOwner> spent) {
    auto* const inference = static_cast<Inference*>(spent.release());
    switch (inference->method) {
      case Method::kPredict:
        return predict_.Keep(As<UnaryInference<PredictKind>>(inference));
      case Method::kModelStreamInfer:
        return streams_.Keep(As<StreamInference>(inference));
      default:
        return infer_.Keep(As<UnaryInference<ModelInferKind>>(inference));
    }
  }

  template <typename Messages>
  static std::unique_ptr<Messages> As(Inference* inference) {
    return std::unique_ptr<Messages>(static_cast<Messages*>(inference));
  }

  UnaryCalls<ModelInferKind> infer_;
  UnaryCalls<PredictKind> predict_;
  StreamCalls streams_;
};

}  // namespace

std::unique_ptr<ServingCalls> MakeServingCalls(Poller* poller, InferenceService* inference,
                                               PredictionService* prediction, int most_in_flight) {
  return std::make_unique<PollerCalls>(poller, inference, prediction, most_in_flight);
}

}  // namespace driftserve
