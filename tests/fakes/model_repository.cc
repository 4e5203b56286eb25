#include "tests/fakes/model_repository.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "drift/builder.h"
#include "drift/profile/reference_file.h"
#include "server/base/text.h"
#include "server/execute/torchscript_loader.h"
#include "tests/fakes/torch_models.h"

namespace driftserve::fakes {
namespace {

constexpr int64_t kFeatures = 8;
constexpr int64_t kRows = 4000;

[[noreturn]] void Abort(std::string_view what) {
  std::fprintf(stderr, "%s\n", std::string(what).c_str());
  std::abort();
}

std::string Tensor(std::string_view role, std::string_view name, std::string_view type, std::string_view dims) {
  return Concat(role, " { name: \"", name, "\" data_type: TYPE_", type, " dims: [ ", dims, " ] }\n");
}

void WriteModel(const std::string& folder, const std::string& name, int max_batch_size, const std::string& tensors,
                const std::string& archive) {
  const std::string model = Concat(folder, "/", name);
  WriteFile(
      Concat(model, "/config.pbtxt"),
      Concat("name: \"", name, "\"\nplatform: \"pytorch_libtorch\"\nmax_batch_size: ", max_batch_size, "\n", tensors));
  WriteFile(Concat(model, "/1/model.pt"), archive);
}

// Scores of the network for rows of features, by the loader that will serve it.
std::vector<float> Scores(const std::string& archive, const std::vector<float>& features) {
  LoadRequest request;
  request.model_name = request.file = "mlp";
  request.bytes = std::make_shared<const std::string>(archive);
  request.inputs = {{"features", DataType::kFp32, {kFeatures}}};
  request.outputs = {{"score", DataType::kFp32, {1}}};
  const auto executable = MakeTorchScriptLoader()->Load(request);
  if (!executable.ok()) Abort(executable.status().ToString());
  auto graph = (*executable)->NewGraph();
  if (!graph.ok()) Abort(graph.status().ToString());
  const TensorList inputs = {{DataType::kFp32,
                              {kRows, kFeatures},
                              reinterpret_cast<const char*>(features.data()),
                              features.size() * sizeof(float)}};
  const BatchItem item{&inputs, kRows};
  TensorList outputs;
  const absl::Status status = (*graph)->Run({&item, 1}, outputs);
  if (!status.ok()) Abort(status.ToString());
  std::vector<float> scores(kRows);
  std::memcpy(scores.data(), outputs[0].bytes, outputs[0].byte_size);
  return scores;
}

std::string MlpReference(const std::string& archive) {
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> features(kRows * kFeatures);
  for (float& feature : features) feature = normal(random);
  const std::vector<float> scores = Scores(archive, features);
  std::vector<drift::ColumnSpec> columns;
  for (int64_t i = 0; i < kFeatures; ++i) {
    columns.push_back({Concat("f", i), drift::Role::kFeature, drift::Dtype::kFloat32, drift::Kind::kNumeric});
  }
  columns.push_back({"score", drift::Role::kPrediction, drift::Dtype::kFloat32, drift::Kind::kNumeric});
  drift::BuilderSettings settings;
  settings.model_name = "mlp";
  settings.model_version = "1";
  settings.created_ns = 1'700'000'000'000'000'000;
  drift::ReferenceBuilder builder(settings, columns);
  for (int64_t row = 0; row < kRows; ++row) {
    std::vector<drift::Value> values;
    for (int64_t i = 0; i < kFeatures; ++i) values.push_back(drift::Value::Double(features[row * kFeatures + i]));
    values.push_back(drift::Value::Double(scores[row]));
    if (const auto error = builder.Add(values)) Abort("a row of the reference was refused");
  }
  const auto reference = builder.Build();
  if (!reference.ok()) Abort("the reference cannot be built");
  return drift::SerializeReference(reference.value());
}

std::string MlpMonitor() {
  std::string text = "features:\n";
  for (int64_t i = 0; i < kFeatures; ++i) {
    text += Concat("  - {name: f", i, ", input: features, column: ", i, ", type: numeric}\n");
  }
  return text +
         "predictions:\n"
         "  - {name: score, output: score, column: 0, type: numeric}\n"
         "sampling:\n"
         "  stratum: {parameter: tier}\n"
         "  rates: {vip: 1.0}\n"
         "  default_rate: 0.01\n";
}

}  // namespace

void WriteFile(const std::string& path, const std::string& content) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream stream(path, std::ios::binary);
  stream << content;
  stream.close();
  if (!stream) Abort(Concat(path, ": cannot be written"));
}

void WriteMlp(const std::string& folder, bool watched) {
  const std::string archive = MakeMlp();
  WriteModel(
      folder, "mlp", 64,
      Tensor("input", "features", "FP32", "8") + Tensor("output", "score", "FP32", "1") + "dynamic_batching { }\n",
      archive);
  if (!watched) return;
  WriteFile(Concat(folder, "/mlp/monitor.yaml"), MlpMonitor());
  WriteFile(Concat(folder, "/mlp/1/reference.pb"), MlpReference(archive));
}

void WriteModelRepository(const std::string& folder, bool watched) {
  WriteMlp(folder, watched);
  const std::string x = Tensor("input", "x", "FP32", "1"), y = Tensor("output", "y", "FP32", "1");
  WriteModel(folder, "images", 64,
             Tensor("input", "image", "FP32", "1, 16, 16") + Tensor("output", "logits", "FP32", "4"),
             MakeImageClassifier());
  WriteModel(folder, "raising", 8, x + y, MakeRaising());
  WriteModel(folder, "hungry", 8, x + y, MakeHungry());
  WriteModel(folder, "slow", 8, x + y, MakeSlow(20));
  WriteModel(folder, "spinning", 8, x + y, MakeSpinning());
  WriteModel(folder, "heavy", 8, x + y, MakeHeavy());
  WriteModel(folder, "stateful", 8, x + y, MakeStateful());
  WriteModel(folder, "strings", 8,
             Tensor("input", "text", "STRING", "1") + Tensor("output", "lengths", "INT64", "1") +
                 Tensor("output", "upper", "STRING", "1"),
             MakeStrings());
  WriteModel(folder, "two_outputs", 8,
             Tensor("input", "a", "FP32", "-1") + Tensor("input", "b", "FP32", "-1") +
                 Tensor("output", "sum", "FP32", "-1") + Tensor("output", "difference", "FP32", "-1"),
             MakeTwoOutputs());
  WriteModel(folder, "optional", 8,
             x + "input { name: \"scale\" data_type: TYPE_FP32 dims: [ 1 ] optional: true }\n" + y +
                 Tensor("output", "half", "FP32", "1"),
             MakeOptional());
  constexpr std::array<std::pair<const char*, const char*>, 10> kTypes = {{{"bool", "BOOL"},
                                                                           {"uint8", "UINT8"},
                                                                           {"int8", "INT8"},
                                                                           {"int16", "INT16"},
                                                                           {"int32", "INT32"},
                                                                           {"int64", "INT64"},
                                                                           {"fp16", "FP16"},
                                                                           {"bf16", "BF16"},
                                                                           {"fp32", "FP32"},
                                                                           {"fp64", "FP64"}}};
  for (const auto& [name, type] : kTypes) {
    WriteModel(folder, Concat("identity_", name), 0,
               Tensor("input", "input", type, "-1") + Tensor("output", "output", type, "-1"), MakeIdentity());
  }
}

}  // namespace driftserve::fakes
