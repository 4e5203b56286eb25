#include "tests/cost/request_cost.h"

#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>

#include "inference/grpc_service.pb.h"
#include "server/batch/runner.h"
#include "server/decode/infer_request.h"
#include "server/decode/infer_response.h"

namespace {
uint64_t allocations = 0;

void* Allocate(size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
}  // namespace

void* operator new(size_t size) { return Allocate(size); }
void* operator new[](size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t) noexcept { std::free(memory); }

namespace driftserve {
namespace {

constexpr int kWarmRequests = 100;

/// A request without a call.
class LocalInference final : public Inference {
 public:
  absl::Status Encode(const TensorList& model_outputs, int64_t first_row) override {
    return EncodeInferResponse(*model, decoded, model_outputs, first_row, request.id(), response, outputs);
  }
  void Send(const absl::Status& status) override {
    sent.clear();
    if (!status.ok() || !response.AppendToString(&sent)) std::abort();
  }
  bool Cancelled() const override { return false; }
  std::string Traceparent() const override { return {}; }
  std::string Peer() const override { return {}; }

  inference::ModelInferRequest request;
  inference::ModelInferResponse response;
  std::string sent;
};

std::string RequestBytes() {
  inference::ModelInferRequest request;
  request.set_model_name("mlp");
  auto& input = *request.add_inputs();
  input.set_name("features");
  input.set_datatype("FP32");
  input.add_shape(1);
  input.add_shape(8);
  const float values[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  request.add_raw_input_contents(values, sizeof(values));
  return request.SerializeAsString();
}

std::shared_ptr<Model> Served() {
  auto model = std::make_shared<Model>();
  model->settings.name = "mlp";
  model->settings.max_batch_size = 64;
  model->settings.inputs = {{"features", DataType::kFp32, {8}}};
  model->settings.outputs = {{"score", DataType::kFp32, {1}}};
  model->version_text = "1";
  model->counters = ServingCounters(1, 64);
  // Watched, and at a rate at which next to nothing is kept: what every request pays.
  model->watched = std::make_shared<WatchedModel>(
      WatchedModelSettings(), std::make_unique<SamplingRule>(std::vector<StratumRate>(), 1e-12, 1, 1), 1);
  return model;
}

}  // namespace

int ServeRequests(std::unique_ptr<Graph> graph, int requests) {
  const std::string bytes = RequestBytes();
  const std::shared_ptr<Model> model = Served();
  Tap tap({16, 1 << 20});
  Admission admission(100, 1 << 20);
  std::unique_ptr<LocalInference> inference = std::make_unique<LocalInference>();
  ServingThread thread;
  thread.clock = &Clock::System();
  thread.admission = &admission;
  thread.tap = tap.AddProducer();
  thread.accepts = true;
  thread.reclaim = [&](std::unique_ptr<SampleOwner> spent) {
    inference.reset(static_cast<LocalInference*>(spent.release()));
    inference->Reset();
  };
  BatchRunner runner(std::move(thread));
  std::vector<std::unique_ptr<Inference>> batch(1);
  for (int i = 0; i < requests + kWarmRequests; ++i) {
    if (i == kWarmRequests) {
      allocations = 0;
      CALLGRIND_START_INSTRUMENTATION;
    }
    if (!inference->request.ParseFromString(bytes)) return 1;
    inference->model = model;
    inference->accepted_ns = Clock::System().MonotonicNanos();
    inference->sequence = static_cast<uint64_t>(i);
    if (!DecodeInferRequest(inference->request, model->settings, {}, inference->decoded).ok()) return 1;
    inference->decoded.strata.assign(1, 0);
    if (admission.Admit(inference->decoded.byte_size, model->holding, false)) return 1;
    batch[0] = std::move(inference);
    runner.Run(*graph, absl::MakeSpan(batch));
  }
  CALLGRIND_STOP_INSTRUMENTATION;
  std::printf("allocations %llu\n", static_cast<unsigned long long>(allocations));
  return 0;
}

}  // namespace driftserve
