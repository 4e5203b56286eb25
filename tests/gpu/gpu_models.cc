#include "tests/gpu/gpu_models.h"

#include <cmath>
#include <sstream>

#include <ATen/Functions.h>
#include <torch/csrc/jit/api/module.h>

#include "server/base/text.h"
#include "tests/fakes/model_repository.h"
#include "tests/fakes/torch_models.h"

namespace driftserve::gpu {
namespace {

// Writes forward() line by line, with a parameter for every convolution.
class NetworkWriter {
 public:
  NetworkWriter() : module_("Network") { at::manual_seed(1); }

  void Line(const std::string& text) { source_ += "    " + text + "\n"; }

  // to = from convolved by `out` kernels of size × size.
  void Convolve(const std::string& to, const std::string& from, int64_t in, int64_t out, int size, int stride,
                bool relu) {
    const std::string weight = Concat("w", count_), bias = Concat("b", count_);
    ++count_;
    const double scale = std::sqrt(2.0 / static_cast<double>(in * size * size)) * (relu ? 1 : 0.2);
    module_.register_parameter(weight, at::randn({out, in, size, size}).mul_(scale).to(at::kHalf), false);
    module_.register_parameter(bias, at::zeros({out}, at::kHalf), false);
    const std::string call = Concat("torch.conv2d(", from, ", self.", weight, ", self.", bias, ", [", stride, ", ",
                                    stride, "], [", size / 2, ", ", size / 2, "])");
    Line(Concat(to, " = ", relu ? Concat("torch.relu(", call, ")") : call));
  }

  void Bottleneck(int64_t in, int64_t inner, int stride) {
    const int64_t out = inner * 4;
    Convolve("y", "x", in, inner, 1, 1, true);
    Convolve("y", "y", inner, inner, 3, stride, true);
    Convolve("y", "y", inner, out, 1, 1, false);
    if (in != out) Convolve("x", "x", in, out, 1, stride, false);
    Line("x = torch.relu(torch.add(x, y))");
  }

  std::string Save() {
    module_.register_parameter("linear", at::randn({2048, 1000}).mul_(0.02).to(at::kHalf), false);
    Line("return torch.matmul(torch.mean(x, [2, 3]), self.linear)");
    module_.define("def forward(self, x: Tensor) -> Tensor:\n" + source_);
    std::ostringstream stream;
    module_.save(stream);
    return stream.str();
  }

 private:
  torch::jit::Module module_;
  std::string source_;
  int count_ = 0;
};

std::string MakeLargeNetwork() {
  NetworkWriter network;
  network.Convolve("x", "x", 3, 64, 7, 2, true);
  network.Line("x = torch.max_pool2d(x, [3, 3], [2, 2], [1, 1])");
  int64_t in = 64;
  const int blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const int64_t inner = 64 << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      network.Bottleneck(in, inner, stage > 0 && block == 0 ? 2 : 1);
      in = inner * 4;
    }
  }
  return network.Save();
}

TensorSpec Spec(std::string name, std::vector<int64_t> dims, DataType type = DataType::kFp32, bool optional = false) {
  return {std::move(name), type, std::move(dims), optional};
}

std::string Field(const std::string& kind, const TensorSpec& spec) {
  const std::string type = spec.type == DataType::kFp16 ? "TYPE_FP16" : "TYPE_FP32";
  return Concat(kind, " { name: \"", spec.name, "\" data_type: ", type, " dims: [ ", Join(spec.dims, ", "), " ] }\n");
}

}  // namespace

std::vector<CheckedModel> SmallModels() {
  return {SmallNetwork(8),
          {"images", fakes::MakeImageClassifier(), {Spec("image", {1, 9, 9})}, {Spec("logits", {4})}, 8, 1e-3},
          {"two_outputs", fakes::MakeTwoOutputs(), {Spec("a", {-1}), Spec("b", {-1})},
           {Spec("sum__0", {-1}), Spec("difference__1", {-1})}},
          {"dictionary", fakes::MakeDictionary(), {Spec("a", {3}), Spec("b", {3})},
           {Spec("difference", {3}), Spec("sum", {3})}},
          {"list", fakes::MakeList(), {Spec("x", {2})}, {Spec("a__0", {2}), Spec("b__1", {2}), Spec("c__2", {2})}},
          {"in_place", fakes::MakeInPlace(), {Spec("x", {2})}, {Spec("y", {2})}},
          {"identity_fp16", fakes::MakeIdentity(), {Spec("input", {5}, DataType::kFp16)},
           {Spec("output", {5}, DataType::kFp16)}, 8, 0},
          {"stateful", fakes::MakeStateful(), {Spec("x", {1})}, {Spec("y", {1})}, 8, 0}};
}

CheckedModel SmallNetwork(int max_batch) {
  return {"mlp", fakes::MakeMlp(), {Spec("features", {8})}, {Spec("score", {1})}, max_batch};
}

CheckedModel LargeNetwork(int max_batch) {
  return {"resnet", MakeLargeNetwork(), {Spec("image", {3, 224, 224}, DataType::kFp16)},
          {Spec("logits", {1000}, DataType::kFp16)}, max_batch};
}

LoadRequest Request(const CheckedModel& model, DeviceKind device, bool cuda_graphs) {
  LoadRequest request;
  request.model_name = model.name;
  request.file = model.name + "/1/model.pt";
  request.bytes = std::make_shared<const std::string>(model.archive);
  request.inputs = model.inputs;
  request.outputs = model.outputs;
  request.max_rows = model.max_batch;
  request.device = device;
  request.cuda_graphs = cuda_graphs;
  return request;
}

void WriteModel(const std::string& repository, const CheckedModel& model, const std::string& name,
                const std::string& more) {
  std::string config = Concat("max_batch_size: ", model.max_batch, "\n");
  for (const TensorSpec& spec : model.inputs) config += Field("input", spec);
  for (const TensorSpec& spec : model.outputs) config += Field("output", spec);
  fakes::WriteFile(Concat(repository, "/", name, "/config.pbtxt"), config + more);
  fakes::WriteFile(Concat(repository, "/", name, "/1/model.pt"), model.archive);
}

}  // namespace driftserve::gpu
