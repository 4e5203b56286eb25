// Results and speed of models on a GPU, in one process: what tests/gpu/run_checks.py runs on a machine that has one.
//
//   gpu_check devices                   how many GPUs this machine and LibTorch have
//   gpu_check conform cpu|gpu           every small model against itself on CPU; 1 where a result differs
//   gpu_check package FOLDER cpu|gpu    FOLDER/model.pt2 there against FOLDER/model.pt on CPU, as compile_package.py
//                                       writes them; 1 where a result differs
//   gpu_check write REPOSITORY cpu|gpu  models for a server: small, and on a GPU large too
//   gpu_check throughput SECONDS        the large network: raw loop and pipeline, by turns (JSON)
//   gpu_check saturate SECONDS          the pipeline alone, for whoever looks at the GPU meanwhile (JSON)
//   gpu_check latency                   the small network, eager and as a recorded graph, by turns (JSON)
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/freeze_module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "server/base/text.h"
#include "server/execute/archive_bytes.h"
#include "server/execute/async_graph.h"
#include "server/execute/model_loader.h"
#include "server/execute/package_loader.h"
#include "server/execute/torchscript_loader.h"
#include "tests/fakes/model_repository.h"
#include "tests/gpu/gpu_models.h"

namespace driftserve::gpu {
namespace {

constexpr int kLargestBatch = 64;

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "gpu_check: %s\n", what.c_str());
  std::exit(1);
}

void Check(const absl::Status& status, const std::string& what) {
  if (!status.ok()) Fail(Concat(what, ": ", status.message()));
}

Loader& TheLoader() {
  static const std::unique_ptr<Loader> loader = MakeModelLoader(MakeTorchScriptLoader(), MakePackageLoader());
  return *loader;
}

std::unique_ptr<Graph> Load(const LoadRequest& request) {
  auto executable = TheLoader().Load(request);
  Check(executable.status(), request.file);
  auto graph = (*executable)->NewGraph();
  Check(graph.status(), request.file);
  return *std::move(graph);
}

std::unique_ptr<Graph> Load(const CheckedModel& model, DeviceKind device, bool cuda_graphs = false) {
  return Load(Request(model, device, cuda_graphs));
}

/// Rows of random numbers for a model, from a fixed seed.
class Rows {
 public:
  Rows(const CheckedModel& model, int64_t rows, uint64_t seed) : rows_(rows) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    for (const TensorSpec& spec : model.inputs) {
      Shape shape = {rows};
      int64_t count = rows;
      for (const int64_t dim : spec.dims) {
        shape.push_back(dim < 0 ? 3 : dim);
        count *= shape.back();
      }
      at::Tensor values = at::empty({count});
      std::normal_distribution<float> normal;
      for (int64_t i = 0; i < count; ++i) values.mutable_data_ptr<float>()[i] = normal(random);
      if (spec.type == DataType::kFp16) values = values.to(at::kHalf);
      values_.push_back(values);
      inputs_.push_back({spec.type, shape, static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
    }
  }
  BatchItem Item() const { return {&inputs_, rows_}; }

 private:
  const int64_t rows_;
  std::vector<at::Tensor> values_;
  TensorList inputs_;
};

std::vector<std::vector<float>> Numbers(const TensorList& outputs) {
  std::vector<std::vector<float>> all;
  for (const TensorView& view : outputs) {
    const auto type = view.type == DataType::kFp16 ? at::kHalf : at::kFloat;
    const at::Tensor values =
        at::from_blob(const_cast<char*>(view.bytes), {static_cast<int64_t>(view.byte_size / ElementSize(view.type))},
                      at::TensorOptions(type))
            .to(at::kFloat);
    all.emplace_back(values.const_data_ptr<float>(), values.const_data_ptr<float>() + values.numel());
  }
  return all;
}

// The largest difference beyond the tolerance's reach: above 1 it is too large.
double Distance(const std::vector<std::vector<float>>& left, const std::vector<std::vector<float>>& right,
                double tolerance) {
  if (left.size() != right.size()) return INFINITY;
  double worst = 0;
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i].size() != right[i].size()) return INFINITY;
    for (size_t j = 0; j < left[i].size(); ++j) {
      const double difference = std::abs(left[i][j] - right[i][j]);
      if (difference == 0) continue;
      worst = std::max(worst, tolerance == 0 ? INFINITY : difference / (tolerance * (1 + std::abs(left[i][j]))));
    }
  }
  return worst;
}

using Results = std::vector<std::vector<std::vector<float>>>;  // by batch, output

// Batches of several sizes, two under way where the graph can, the second round recorded where it can.
Results RunBatches(Graph& graph, const CheckedModel& model) {
  Results results;
  AsyncGraph* const device = graph.async();
  TensorList outputs;
  const auto finish = [&] {
    Check(device->Finish(outputs), model.name);
    results.push_back(Numbers(outputs));
  };
  for (int round = 0; round < 2; ++round) {
    for (const int rows : {1, 3, 8, 2}) {
      const Rows first(model, rows, static_cast<uint64_t>(rows)), second(model, 1, 9);
      const BatchItem items[] = {first.Item(), second.Item()};
      const auto batch = absl::MakeConstSpan(items, rows < 8 ? 2 : 1);
      if (device == nullptr) {
        Check(graph.Run(batch, outputs), model.name);
        results.push_back(Numbers(outputs));
        continue;
      }
      if (device->under_way() == device->depth()) finish();
      Check(device->Submit(batch), model.name);
    }
    while (device != nullptr && device->under_way() > 0) finish();
    if (device == nullptr || round > 0) continue;
    for (const int bucket : {1, 2, 4, 8}) {
      const Rows rows(model, bucket, 1);
      const BatchItem item = rows.Item();
      const absl::Status recorded = device->Record({&item, 1});
      if (!recorded.ok()) std::printf("%s: not recorded: %s\n", model.name.c_str(), recorded.ToString().c_str());
    }
  }
  return results;
}

// Whether `other` gives what the graph on the CPU gives; prints it.
bool Same(const CheckedModel& model, Graph& on_cpu, Graph& other) {
  const Results expected = RunBatches(on_cpu, model), got = RunBatches(other, model);
  double worst = expected.size() == got.size() ? 0 : INFINITY;
  for (size_t i = 0; i < std::min(expected.size(), got.size()); ++i) {
    worst = std::max(worst, Distance(expected[i], got[i], model.tolerance));
  }
  const bool replays = other.async() != nullptr && other.async()->statistics().replayed_batches > 0;
  std::printf("%-18s %s, %zu batches%s, difference %.3g of what is allowed\n", model.name.c_str(),
              worst <= 1 ? "equal" : "DIFFERS", got.size(), replays ? ", half of them replayed" : "", worst);
  return worst <= 1;
}

int Conform(DeviceKind device) {
  int bad = 0;
  for (const CheckedModel& model : SmallModels()) {
    bad += !Same(model, *Load(model, DeviceKind::kCpu), *Load(model, device, true));
  }
  return bad == 0 ? 0 : 1;
}

std::string FileContent(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) Fail(Concat(path, ": it cannot be read"));
  return {std::istreambuf_iterator<char>(in), {}};
}

int ConformPackage(const std::string& folder, DeviceKind device) {
  CheckedModel model = SmallNetwork(kLargestBatch);
  model.name = "package";
  model.archive = FileContent(folder + "/model.pt");
  LoadRequest request = Request(model, device, device == DeviceKind::kGpu);
  request.file = folder + "/model.pt2";
  request.bytes = std::make_shared<const std::string>(FileContent(request.file));
  return Same(model, *Load(model, DeviceKind::kCpu), *Load(request)) ? 0 : 1;
}

int Write(const std::string& repository, DeviceKind device) {
  const bool gpu = device == DeviceKind::kGpu;
  const std::string group = gpu ? "instance_group { kind: KIND_GPU gpus: [ 0 ] }\n" : "";
  WriteModel(repository, SmallNetwork(64), "mlp", group);
  if (!gpu) return 0;
  WriteModel(repository, SmallNetwork(64), "mlp_graphs", group + "optimization { cuda { graphs: true } }\n");
  WriteModel(repository, LargeNetwork(kLargestBatch), "resnet", group);
  // One model for two servers: they differ in nothing but whether it is watched.
  fakes::WriteMlp(repository + "/watched", true);
  for (const char* const form : {"/watched", "/plain"}) WriteModel(repository + form, SmallNetwork(64), "mlp", group);
  return 0;
}

// Rows a second of the module alone: its largest batch, inputs on the device, nothing copied.
double RawLoop(const CheckedModel& model, double seconds) {
  const at::Device device(at::kCUDA, 0);
  const c10::InferenceMode inference;
  torch::jit::Module module = torch::jit::load(std::make_shared<BytesReader>(model.archive), device);
  module.eval();
  module = torch::jit::freeze(module);
  const at::Tensor input = at::randn({kLargestBatch, 3, 224, 224}).to(at::kHalf).to(device);
  const c10::impl::VirtualGuardImpl guard(at::kCUDA);
  int64_t batches = 0;
  double start = 0;
  for (int turn = 0; turn < 20; ++turn) module.forward({input});
  guard.synchronizeDevice(0);
  for (start = Now(); Now() - start < seconds;) {
    for (int turn = 0; turn < 8; ++turn) module.forward({input});
    guard.synchronizeDevice(0);
    batches += 8;
  }
  return static_cast<double>(batches) * kLargestBatch / (Now() - start);
}

// Rows a second of the pipeline with two batches under way, each gathered from single rows and its results brought
// back.
double PipelineLoop(AsyncGraph& graph, const Rows& row, double seconds) {
  const std::vector<BatchItem> batch(kLargestBatch, row.Item());
  TensorList outputs;
  for (int turn = 0; turn < 20; ++turn) Check(graph.Run(batch, outputs), "pipeline");
  int64_t rows = 0;
  const double start = Now();
  while (Now() - start < seconds) {
    while (graph.under_way() < graph.depth()) Check(graph.Submit(batch), "pipeline");
    Check(graph.Finish(outputs), "pipeline");
    rows += kLargestBatch;
  }
  while (graph.under_way() > 0) Check(graph.Finish(outputs), "pipeline");
  return static_cast<double>(rows) / (Now() - start);
}

double BatchSeconds(Graph& graph, absl::Span<const BatchItem> batch, int runs) {
  TensorList outputs;
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    const double start = Now();
    Check(graph.Run(batch, outputs), "run");
    times.push_back(Now() - start);
  }
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[static_cast<size_t>(runs) / 2];
}

int Throughput(double seconds) {
  const CheckedModel model = LargeNetwork(kLargestBatch);
  const std::unique_ptr<Graph> graph = Load(model, DeviceKind::kGpu);
  const Rows row(model, 1, 1);
  std::string raw, pipeline;
  for (int round = 0; round < 5; ++round) {
    AppendPiece(raw, Concat(round > 0 ? ", " : "", std::to_string(RawLoop(model, seconds))));
    AppendPiece(pipeline, Concat(round > 0 ? ", " : "", std::to_string(PipelineLoop(*graph->async(), row, seconds))));
  }
  const std::vector<BatchItem> batch(kLargestBatch, row.Item());
  std::printf("{\"raw\": [%s], \"pipeline\": [%s], \"largest_batch_seconds\": %.6f}\n", raw.c_str(), pipeline.c_str(),
              BatchSeconds(*graph, batch, 51));
  return 0;
}

int Saturate(double seconds) {
  const CheckedModel model = LargeNetwork(kLargestBatch);
  const std::unique_ptr<Graph> graph = Load(model, DeviceKind::kGpu);
  const Rows row(model, 1, 1);
  std::printf("{\"rows_per_second\": %.1f}\n", PipelineLoop(*graph->async(), row, seconds));
  return 0;
}

int Latency() {
  const CheckedModel model = SmallNetwork(16);
  const std::unique_ptr<Graph> eager = Load(model, DeviceKind::kGpu), recorded = Load(model, DeviceKind::kGpu, true);
  std::string text;
  for (const int rows : {1, 4, 16}) {
    const Rows batch(model, rows, 1);
    const BatchItem item = batch.Item();
    BatchSeconds(*eager, {&item, 1}, 100);
    BatchSeconds(*recorded, {&item, 1}, 100);
    Check(recorded->async()->Record({&item, 1}), "record");
    std::vector<double> ratios;
    for (int round = 0; round < 5; ++round) {
      const double slow = BatchSeconds(*eager, {&item, 1}, 501);
      ratios.push_back(BatchSeconds(*recorded, {&item, 1}, 501) / slow);
      AppendPiece(text, Concat(text.empty() ? "" : ", ", "{\"rows\": ", rows, ", \"eager_seconds\": ",
                               std::to_string(slow), ", \"ratio\": ", std::to_string(ratios.back()), "}"));
    }
  }
  std::printf("[%s]\n", text.c_str());
  return 0;
}

int Main(const std::vector<std::string>& words) {
  TheLoader();  // before torch is asked for anything
  const auto is = [&](const char* name, size_t count) { return words.size() == count && words[0] == name; };
  const auto device = [](const std::string& word) { return word == "gpu" ? DeviceKind::kGpu : DeviceKind::kCpu; };
  if (is("devices", 1)) return std::printf("%d\n", TheLoader().DeviceCount(DeviceKind::kGpu)) < 0;
  if (is("conform", 2)) return Conform(device(words[1]));
  if (is("package", 3)) return ConformPackage(words[1], device(words[2]));
  if (is("write", 3)) return Write(words[1], device(words[2]));
  if (is("throughput", 2)) return Throughput(std::atof(words[1].c_str()));
  if (is("saturate", 2)) return Saturate(std::atof(words[1].c_str()));
  if (is("latency", 1)) return Latency();
  std::fprintf(stderr, "usage: gpu_check devices | conform cpu|gpu | package FOLDER cpu|gpu | write REPOSITORY "
                       "cpu|gpu | throughput SECONDS | saturate SECONDS | latency\n");
  return 2;
}

}  // namespace
}  // namespace driftserve::gpu

int main(int argc, char** argv) { return driftserve::gpu::Main({argv + 1, argv + argc}); }
