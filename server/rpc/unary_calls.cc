#include "server/rpc/unary_calls.h"

#include "server/decode/infer_request.h"
#include "server/decode/infer_response.h"
#include "server/decode/parameters.h"
#include "server/decode/predict_request.h"
#include "server/decode/predict_response.h"
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
    const auto found = request.parameters().find(name);
    return found == request.parameters().end() ? std::string() : ParameterText(found->second);
  }
  static absl::Status Decode(Messages& messages) {
    return DecodeInferRequest(messages.request, messages.model->settings, messages.decoded);
  }
  static void Encode(Messages& messages, const TensorList& outputs, int64_t first) {
    EncodeInferResponse(*messages.model, messages.decoded, outputs, first, messages.request_id, messages.response,
                        messages.outputs);
    if (messages.model->watched != nullptr) KeepUnasked(messages, outputs, first);
  }

  /// A caller that asks for some outputs only must not make the others look missing to the observer.
  static void KeepUnasked(Messages& messages, const TensorList& outputs, int64_t first) {
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (messages.outputs[i].type != DataType::kInvalid) continue;
      const TensorView slice =
          SliceRows(outputs[i], messages.model->settings.max_batch_size > 0, first, messages.decoded.rows);
      messages.outputs[i] = slice;
      messages.outputs[i].bytes = messages.decoded.scratch.emplace_back(slice.bytes, slice.byte_size).data();
    }
  }
};

struct PredictKind {
  using Request = v1::PredictRequest;
  using Response = v1::PredictResponse;
  using Service = PredictionService;
  using Messages = UnaryInference<PredictKind>;
  static constexpr Method kMethod = Method::kPredict;

  static void RequestCall(Service* service, grpc::ServerContext* context, Request* request,
                          grpc::ServerAsyncResponseWriter<Response>* responder, grpc::ServerCompletionQueue* queue,
                          void* tag) {
    service->RequestPredict(context, request, responder, queue, queue, tag);
  }
  static const std::string& RequestId(const Request& request) { return request.request_id(); }
  static std::string Parameter(const Request& request, const std::string& name) {
    const auto found = request.parameters().find(name);
    return found == request.parameters().end() ? std::string() : ParameterText(found->second);
  }
  static absl::Status Decode(Messages& messages) {
    return DecodePredictRequest(messages.request, *messages.model, messages.decoded);
  }
  static void Encode(Messages& messages, const TensorList& outputs, int64_t first) {
    EncodePredictResponse(*messages.model, messages.decoded, outputs, first, messages.request_id, messages.response,
                          messages.kept_outputs, messages.outputs);
  }
};

class PollerCalls final : public ServingCalls {
 public:
  PollerCalls(Poller* poller, InferenceService* inference, PredictionService* prediction)
      : infer_(poller, inference), predict_(poller, prediction) {
    poller->SetReclaim([this](std::unique_ptr<SampleOwner> spent) { Reclaim(std::move(spent)); });
  }

  void Post(int count) override {
    for (int i = 0; i < count; ++i) {
      infer_.Post();
      predict_.Post();
    }
  }

 private:
  // A poller taps only what it accepted, so what comes back is of its own two kinds.
  void Reclaim(std::unique_ptr<SampleOwner> spent) {
    auto* const inference = static_cast<Inference*>(spent.release());
    if (inference->method == Method::kPredict) {
      predict_.Keep(std::unique_ptr<UnaryInference<PredictKind>>(static_cast<UnaryInference<PredictKind>*>(inference)));
    } else {
      infer_.Keep(
          std::unique_ptr<UnaryInference<ModelInferKind>>(static_cast<UnaryInference<ModelInferKind>*>(inference)));
    }
  }

  UnaryCalls<ModelInferKind> infer_;
  UnaryCalls<PredictKind> predict_;
};

}  // namespace

std::unique_ptr<ServingCalls> MakeServingCalls(Poller* poller, InferenceService* inference,
                                               PredictionService* prediction) {
  return std::make_unique<PollerCalls>(poller, inference, prediction);
}

}  // namespace driftserve
