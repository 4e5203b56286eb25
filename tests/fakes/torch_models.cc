#include "tests/fakes/torch_models.h"

#include <sstream>

#include <ATen/Functions.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/api/module.h>

namespace driftserve::fakes {
namespace {

using torch::jit::Module;

std::string Save(const Module& module) {
  std::ostringstream stream;
  module.save(stream);
  return stream.str();
}

std::string Define(const std::string& source) {
  Module module("Fake");
  module.define(source);
  return Save(module);
}

}  // namespace

std::string MakePackage(const Records& records) {
  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter writer([&bytes](const void* data, size_t size) {
    bytes.append(static_cast<const char*>(data), size);
    return size;
  });
  for (const auto& [name, content] : records) writer.writeRecord(name, content.data(), content.size());
  writer.writeEndOfFile();
  return bytes;
}

std::string MakeMlp() {
  at::manual_seed(1);
  Module module("Mlp");
  const auto add = [&](const std::string& name, std::initializer_list<int64_t> sizes) {
    module.register_parameter(name, at::mul(at::randn(sizes), 0.3), false);
  };
  add("w1", {8, 64});
  add("b1", {64});
  add("w2", {64, 64});
  add("b2", {64});
  add("w3", {64, 1});
  add("b3", {1});
  module.define(R"(
def forward(self, features: Tensor) -> Tensor:
    x = torch.relu(torch.addmm(self.b1, features, self.w1))
    x = torch.relu(torch.addmm(self.b2, x, self.w2))
    return torch.sigmoid(torch.addmm(self.b3, x, self.w3))
)");
  return Save(module);
}

std::string MakeImageClassifier() {
  at::manual_seed(2);
  Module module("ImageClassifier");
  module.register_parameter("kernels", at::randn({8, 1, 3, 3}), false);
  module.register_parameter("bias", at::randn({8}), false);
  module.register_parameter("weights", at::randn({8, 4}), false);
  module.define(R"(
def forward(self, image: Tensor) -> Tensor:
    x = torch.relu(torch.conv2d(image, self.kernels, self.bias))
    return torch.mm(torch.mean(x, [2, 3]), self.weights)
)");
  return Save(module);
}

std::string MakeIdentity() {
  return Define(R"(
def forward(self, input: Tensor) -> Tensor:
    return input
)");
}

std::string MakeRaising() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    assert not bool(torch.any(x < 0)), "negative input"
    return x
)");
}

std::string MakeHungry() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    assert bool(torch.sum(x) <= 2.5), "out of memory, as far as the test is concerned"
    return x
)");
}

std::string MakeStateful() {
  Module module("Stateful");
  module.register_buffer("runs", at::zeros({1}));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    self.runs.add_(1)
    return x + self.runs
)");
  return Save(module);
}

std::string MakeStrings() {
  return Define(R"(
def forward(self, text: List[str]) -> Tuple[Tensor, List[str]]:
    lengths: List[int] = []
    upper: List[str] = []
    for t in text:
        lengths.append(len(t))
        upper.append(t.upper())
    return torch.unsqueeze(torch.tensor(lengths), 1), upper
)");
}

std::string MakeTwoOutputs() {
  return Define(R"(
def forward(self, a: Tensor, b: Tensor) -> Tuple[Tensor, Tensor]:
    return a + b, a - b
)");
}

std::string MakeDictionary() {
  return Define(R"(
def forward(self, a: Tensor, b: Tensor) -> Dict[str, Tensor]:
    return {"sum": a + b, "difference": a - b}
)");
}

std::string MakeList() {
  return Define(R"(
def forward(self, x: Tensor) -> List[Tensor]:
    return [x, 2 * x, 3 * x]
)");
}

std::string MakeSlow(int rounds) {
  Module module("Slow");
  at::manual_seed(1);
  module.register_parameter("w", at::mul(at::randn({256, 256}), 1.0 / 16), false);
  module.register_attribute("rounds", c10::IntType::get(), static_cast<int64_t>(rounds));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    y = self.w + torch.mean(x)
    for i in range(self.rounds):
        y = torch.tanh(torch.mm(y, self.w))
    return x + 0 * torch.mean(y)
)");
  return Save(module);
}

std::string MakeSpinning() {
  Module module("Spinning");
  at::manual_seed(1);
  module.register_parameter("w", at::mul(at::randn({256, 256}), 1.0 / 16), false);
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    y = self.w + torch.mean(x)
    for i in range(int(torch.max(x).item())):
        y = torch.tanh(torch.mm(y, self.w))
    return x + 0 * torch.mean(y)
)");
  return Save(module);
}

std::string MakeDouble() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    return x.double()
)");
}

std::string MakeOptional() {
  return Define(R"(
def forward(self, x: Tensor, scale: Optional[Tensor] = None) -> Tuple[Tensor, Optional[Tensor]]:
    half: Optional[Tensor] = None
    if scale is not None:
        x = x * scale
        half = x / 2
    return x, half
)");
}

std::string MakeInPlace() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    return x.view(-1).add_(1).view_as(x)
)");
}

std::string MakeTrainingOnlyState() {
  Module module("TrainingOnlyState");
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_buffer("runs", at::zeros({1}));
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    if self.training:
        self.runs.add_(1)
    return 2 * x
)");
  return Save(module);
}

std::string MakeIntArgument() {
  return Define(R"(
def forward(self, x: Tensor, k: int) -> Tensor:
    return x * k
)");
}

std::string MakeHuge() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    if bool(torch.any(x > 0)):
        return x + torch.zeros([1 << 50])
    return x
)");
}

std::string MakeHeavy() {
  Module module("Heavy");
  module.register_parameter("w", at::ones({1024, 1024}), false);
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    return x + 0 * torch.mean(self.w)
)");
  return Save(module);
}

std::string MakeGreedy(int64_t bytes) {
  Module module("Greedy");
  module.register_attribute("bytes", c10::IntType::get(), bytes);
  module.define(R"(
def forward(self, x: Tensor) -> Tensor:
    return x + torch.sum(torch.zeros([self.bytes // 4]))
)");
  return Save(module);
}

std::string MakeHanging() {
  return Define(R"(
def forward(self, x: Tensor) -> Tensor:
    while True:
        x = x + 1
    return x
)");
}

std::string MakeWithoutForward() {
  return Define(R"(
def predict(self, x: Tensor) -> Tensor:
    return x
)");
}

}  // namespace driftserve::fakes
