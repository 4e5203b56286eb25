// Damaged requests from their bytes to a batch's input and back: each is served or refused with a reason, nothing reads
// outside what was sent, and shared memory is written only where it was asked for.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "server/decode/bytes_tensor.h"
#include "server/decode/infer_request.h"
#include "server/decode/infer_response.h"
#include "server/decode/predict_request.h"
#include "server/decode/strata.h"
#include "tests/fakes/shared_object.h"
#include "tests/fuzz/mutator.h"

namespace driftserve {
namespace {

using inference::ModelInferRequest;

constexpr int kIterations = 60'000;
constexpr size_t kObjectBytes = 256;
constexpr size_t kRegionOffset = 64, kRegionBytes = 128;

using namespace std::string_view_literals;
const std::vector<std::string_view> kTokens = {
    "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size", "timeout", "FP32", "BYTES", "INT64",
    "features", "carrier", "score", "\x3a\x08", "\x2a\x10", "\x18\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "\x10\x80\x80\x80\x80\x08",
    "\xff\xff\xff\xff\x0f"};

Model Served() {
  Model model;
  model.settings.name = "m";
  model.settings.max_batch_size = 4;
  model.settings.inputs = {
      {"features", DataType::kFp32, {2}}, {"carrier", DataType::kBytes, {-1}}, {"flags", DataType::kUint8, {1}}};
  model.settings.outputs = {{"score", DataType::kFp32, {1}}, {"label", DataType::kBytes, {1}}};
  model.version_text = "1";
  model.columns = {{"temp", 0, 0}, {"wind", 0, 1}, {"carrier", 1, 0}, {"flag", 2, 0}};
  return model;
}

WatchedModel Watched() {
  WatchedModelSettings settings;
  settings.stratum_source = StratumSource::kFeature;
  settings.stratum_feature = {"carrier", 1, 0};
  std::vector<StratumRate> strata = {{"UA", 0.5}};
  return WatchedModel(std::move(settings), std::make_unique<SamplingRule>(std::move(strata), 0.1, 1, 1), 1);
}

template <typename Tensor>
void Place(Tensor& tensor, uint64_t byte_size, uint64_t offset) {
  auto& parameters = *tensor.mutable_parameters();
  parameters["shared_memory_region"].set_string_param("r");
  parameters["shared_memory_byte_size"].set_int64_param(static_cast<int64_t>(byte_size));
  parameters["shared_memory_offset"].set_int64_param(static_cast<int64_t>(offset));
}

/// Two rows, right in everything: raw, typed or in shared memory.
ModelInferRequest Shape(Mutator& mutator) {
  ModelInferRequest request;
  request.set_model_name("m");
  request.set_id("id");
  const std::pair<const char*, const char*> inputs[] = {{"features", "FP32"}, {"carrier", "BYTES"}, {"flags", "UINT8"}};
  for (const auto& [name, type] : inputs) {
    auto& input = *request.add_inputs();
    input.set_name(name);
    input.set_datatype(type);
    input.add_shape(2);
    input.add_shape(name == inputs[0].first ? 2 : 1);
  }
  std::string carriers;
  for (const char* carrier : {"UA", "DL"}) AppendBytesElement(carrier, carriers);
  switch (mutator.Below(3)) {
    case 0:
      for (const float value : {1.f, 2.f, 3.f, 4.f}) request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(value);
      for (const char* carrier : {"UA", "DL"}) request.mutable_inputs(1)->mutable_contents()->add_bytes_contents(carrier);
      for (const unsigned flag : {1u, 255u}) request.mutable_inputs(2)->mutable_contents()->add_uint_contents(flag);
      break;
    case 1:
      Place(*request.mutable_inputs(0), 16, mutator.Below(2) * 8);
      break;
    default:
      request.add_raw_input_contents(std::string(16, '\1'));
  }
  if (!request.inputs(2).has_contents()) {
    request.add_raw_input_contents(carriers);
    request.add_raw_input_contents("\1\2");
  }
  request.add_outputs()->set_name("score");
  request.add_outputs()->set_name("label");
  if (mutator.Below(2) == 0) Place(*request.mutable_outputs(0), 8, 64);
  if (mutator.Below(2) == 0) Place(*request.mutable_outputs(1), 40, 80);
  return request;
}

/// One field set to a number at the edge of something.
void Exaggerate(Mutator& mutator, ModelInferRequest& request) {
  auto& input = *request.mutable_inputs(static_cast<int>(mutator.Below(3)));
  auto& output = *request.mutable_outputs(static_cast<int>(mutator.Below(2)));
  const auto number = static_cast<int64_t>(mutator.Number());
  switch (mutator.Below(6)) {
    case 0: input.set_shape(static_cast<int>(mutator.Below(2)), number); break;
    case 1: input.add_shape(number); break;
    case 2: (*input.mutable_parameters())["shared_memory_offset"].set_int64_param(number); break;
    case 3: (*input.mutable_parameters())["shared_memory_byte_size"].set_uint64_param(static_cast<uint64_t>(number)); break;
    case 4: Place(output, mutator.Number(), mutator.Below(200)); break;
    default: Place(input, mutator.Below(64), mutator.Number()); break;
  }
}

class RequestFuzz : public testing::Test {
 protected:
  RequestFuzz() : object_(kObjectBytes), model_(Served()), watched_(Watched()) {
    EXPECT_TRUE(object_.Put(0, pattern_.data(), pattern_.size()));
    EXPECT_TRUE(regions_.Register({"r", object_.key(), kRegionOffset, kRegionBytes}).ok());
    limits_.regions = &regions_;
  }

  /// Every byte is read, so that a sanitizer sees where a view reaches.
  void ReadAll() {
    for (const TensorView& input : decoded_.inputs) {
      for (size_t i = 0; i < input.byte_size; ++i) sum_ += static_cast<unsigned char>(input.bytes[i]);
    }
    ASSERT_GE(decoded_.rows, 1);
    ASSERT_LE(decoded_.rows, model_.settings.max_batch_size);
    ResolveStrataFromFeature(watched_, decoded_);
    ASSERT_TRUE(decoded_.strata.size() == 1 || static_cast<int64_t>(decoded_.strata.size()) == decoded_.rows);
  }

  absl::Status Answer() {
    // Outputs over as many rows as a batch of this request alone.
    const std::vector<float> scores(static_cast<size_t>(decoded_.rows), 0.5f);
    std::string labels;
    for (int64_t row = 0; row < decoded_.rows; ++row) AppendBytesElement("label", labels);
    const TensorList outputs = {{DataType::kFp32, {decoded_.rows, 1}, reinterpret_cast<const char*>(scores.data()),
                                 scores.size() * sizeof(float)},
                                {DataType::kBytes, {decoded_.rows, 1}, labels.data(), labels.size()}};
    return EncodeInferResponse(model_, decoded_, outputs, 0, "id", response_, views_);
  }

  void ExpectNothingOutsideTheRegionChanged() {
    std::string now(kObjectBytes, '\0');
    ASSERT_TRUE(object_.Get(0, now.data(), now.size()));
    EXPECT_EQ(now.substr(0, kRegionOffset), pattern_.substr(0, kRegionOffset));
    EXPECT_EQ(now.substr(kRegionOffset + kRegionBytes), pattern_.substr(kRegionOffset + kRegionBytes));
  }

  const std::string pattern_ = std::string(kObjectBytes, '\x5a');
  SharedObject object_;
  SystemRegions regions_;
  DecodeLimits limits_;
  Model model_;
  WatchedModel watched_;
  DecodedRequest decoded_;
  inference::ModelInferResponse response_;
  TensorList views_;
  uint64_t sum_ = 0;
};

bool IsReason(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsUnimplemented(status) || absl::IsFailedPrecondition(status);
}

TEST_F(RequestFuzz, DamagedTensorsAreServedOrRefused) {
  Mutator mutator(1);
  int served = 0, refused = 0, unreadable = 0;
  ModelInferRequest request;
  for (int i = 0; i < kIterations; ++i) {
    ModelInferRequest shape = Shape(mutator);
    if (mutator.Below(2) == 0) Exaggerate(mutator, shape);
    std::string bytes = shape.SerializeAsString();
    if (mutator.Below(3) != 0) bytes = mutator.Mutate(std::move(bytes), kTokens);
    if (!request.ParseFromString(bytes)) {
      ++unreadable;
      continue;
    }
    absl::Status status = DecodeInferRequest(request, model_.settings, limits_, decoded_);
    if (status.ok()) {
      ReadAll();
      status = Answer();
    }
    status.ok() ? ++served : ++refused;
    ASSERT_TRUE(status.ok() || IsReason(status)) << status;
    ASSERT_TRUE(status.ok() || !status.message().empty());
  }
  EXPECT_GT(served, kIterations / 20);
  EXPECT_GT(refused, kIterations / 20);
  EXPECT_GT(unreadable, kIterations / 20);
  ExpectNothingOutsideTheRegionChanged();
}

v1::PredictRequest Columns(Mutator& mutator) {
  v1::PredictRequest request;
  request.set_model_name("m");
  auto& columns = *request.mutable_columns();
  for (const char* name : {"temp", "wind"}) {
    for (const double value : {1.5, 1e300}) columns[name].mutable_doubles()->add_values(value);
  }
  for (const char* value : {"UA", ""}) columns["carrier"].mutable_strings()->add_values(value);
  for (const int64_t value : {1, 255}) columns["flag"].mutable_int64s()->add_values(value);
  if (mutator.Below(2) == 0) columns["temp"].add_nulls(static_cast<uint32_t>(mutator.Number()));
  if (mutator.Below(4) == 0) columns["flag"].mutable_int64s()->set_values(0, static_cast<int64_t>(mutator.Number()));
  return request;
}

TEST_F(RequestFuzz, DamagedColumnsAreServedOrRefused) {
  Mutator mutator(2);
  int served = 0, refused = 0;
  v1::PredictRequest request;
  for (int i = 0; i < kIterations; ++i) {
    std::string bytes = Columns(mutator).SerializeAsString();
    if (mutator.Below(3) != 0) bytes = mutator.Mutate(std::move(bytes), {"temp", "wind", "carrier", "flag"});
    if (!request.ParseFromString(bytes)) continue;
    const absl::Status status = DecodePredictRequest(request, model_, decoded_);
    if (status.ok()) ReadAll();
    status.ok() ? ++served : ++refused;
    ASSERT_TRUE(status.ok() || IsReason(status)) << status;
  }
  EXPECT_GT(served, kIterations / 20);
  EXPECT_GT(refused, kIterations / 20);
}

}  // namespace
}  // namespace driftserve
