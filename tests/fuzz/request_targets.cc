#include "tests/fuzz/request_targets.h"

#include <memory>
#include <utility>

#include "server/decode/bytes_tensor.h"
#include "server/decode/infer_response.h"
#include "server/decode/predict_request.h"
#include "server/decode/predict_response.h"
#include "server/decode/strata.h"
#include "tests/fuzz/require.h"

namespace driftserve {
namespace {

constexpr size_t kObjectBytes = 256;
constexpr size_t kRegionOffset = 64, kRegionBytes = 128;
const std::vector<TensorSpec> kInputs = {
    {"features", DataType::kFp32, {2}}, {"carrier", DataType::kBytes, {-1}}, {"flags", DataType::kUint8, {1}, true}};
const std::vector<TensorSpec> kOutputs = {{"score", DataType::kFp32, {1}}, {"label", DataType::kBytes, {1}}};

Model Served() {
  Model model;
  model.settings.name = "m";
  model.settings.max_batch_size = 4;
  model.settings.inputs = kInputs;
  model.settings.outputs = kOutputs;
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

/// Reads every byte, so that a sanitizer sees where a view reaches; every tensor has the bytes that its shape says.
void ReadInput(const TensorView& input, int64_t rows) {
  if (input.absent()) return;
  Require(!input.shape.empty() && input.shape[0] == rows, "as many rows in an input as in the request");
  int64_t elements = 1;
  for (const int64_t size : input.shape) elements *= size;
  const size_t element_bytes = ElementSize(input.type);
  Require(element_bytes == 0 || input.byte_size == element_bytes * static_cast<size_t>(elements),
          "as many bytes as the shape says");
  unsigned sum = 0;
  for (size_t i = 0; i < input.byte_size; ++i) sum += static_cast<unsigned char>(input.bytes[i]);
  volatile unsigned kept = sum;
  (void)kept;
}

void ReadInputs(const Model& model, const WatchedModel& watched, DecodedRequest& decoded) {
  Require(decoded.rows >= 1 && decoded.rows <= model.settings.max_batch_size, "rows that fit a batch");
  Require(decoded.inputs.size() == model.settings.inputs.size(), "every input");
  for (const TensorView& input : decoded.inputs) ReadInput(input, decoded.rows);
  ResolveStrataFromFeature(watched, decoded);
  Require(decoded.strata.size() == 1 || static_cast<int64_t>(decoded.strata.size()) == decoded.rows,
          "a stratum a row, or one for all");
}

/// What the model would answer: a batch of this request alone.
class Outputs {
 public:
  explicit Outputs(int64_t rows) : scores_(static_cast<size_t>(rows), 0.5f) {
    for (int64_t row = 0; row < rows; ++row) AppendBytesElement("label", labels_);
    const char* const scores = reinterpret_cast<const char*>(scores_.data());
    tensors_ = {{DataType::kFp32, {rows, 1}, scores, scores_.size() * sizeof(float)},
                {DataType::kBytes, {rows, 1}, labels_.data(), labels_.size()}};
  }
  const TensorList& tensors() const { return tensors_; }

 private:
  const std::vector<float> scores_;
  std::string labels_;
  TensorList tensors_;
};

}  // namespace

void Count(Outcome outcome) { ++(outcome == Outcome::kServed ? inputs_read : inputs_refused); }

void RequireReason(const absl::Status& status) {
  if (status.ok()) return;
  Require(absl::IsInvalidArgument(status) || absl::IsUnimplemented(status) || absl::IsFailedPrecondition(status) ||
              absl::IsNotFound(status),
          "a status that says that the request is bad");
  Require(!status.message().empty(), "a reason");
}

const std::vector<std::string>& InferTarget::Texts() {
  static const auto* const texts = new std::vector<std::string>{
      "", "m", "1", "r", "UA", "features", "carrier", "flags", "score", "label", "FP32", "BYTES", "UINT8", "INT64",
      "FP16", "shared_memory_region", "shared_memory_offset", "shared_memory_byte_size", "classification", "timeout",
      "priority", "sequence_id", "binary_data", std::string("\2\0\0\0UA\2\0\0\0DL", 12), "\xff\xff\xff\xff\x0f",
      "\xff"};
  return *texts;
}

InferTarget::InferTarget()
    : pattern_(kObjectBytes, '\x5a'), object_(kObjectBytes), model_(Served()), watched_(Watched()) {
  Require(object_.Put(0, pattern_.data(), pattern_.size()), "shared memory that can be written");
  Require(regions_.RegisterSystem({"r", object_.key(), kRegionOffset, kRegionBytes}).ok(), "a region that can be registered");
  limits_.regions = &regions_;
}

Outcome InferTarget::Try(std::string_view bytes) {
  if (!request_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Outcome::kUnreadable;
  absl::Status status = DecodeInferRequest(request_, model_.settings, limits_, decoded_);
  if (status.ok()) {
    CheckInputs();
    status = Answer();
    CheckObject();
  }
  RequireReason(status);
  return status.ok() ? Outcome::kServed : Outcome::kRefused;
}

void InferTarget::CheckInputs() {
  ReadInputs(model_, watched_, decoded_);
  Require(decoded_.requested_outputs.size() <= model_.settings.outputs.size(), "outputs of the model, each once");
}

absl::Status InferTarget::Answer() {
  const Outputs outputs(decoded_.rows);
  const absl::Status status =
      EncodeInferResponse(model_, decoded_, outputs.tensors(), 0, request_.id(), response_, views_);
  if (!status.ok()) return status;
  Require(response_.id() == request_.id(), "an answer with its request's id");
  Require(static_cast<size_t>(response_.outputs_size()) == decoded_.requested_outputs.size(), "a whole answer");
  return status;
}

/// Outside the region every byte is as it was; then the region's are set back, so that a run says the same again.
void InferTarget::CheckObject() {
  if (decoded_.output_ranges.empty()) return;
  std::string now(kObjectBytes, '\0');
  Require(object_.Get(0, now.data(), now.size()), "an object that can be read");
  Require(now.compare(0, kRegionOffset, pattern_, 0, kRegionOffset) == 0, "bytes before the region as they were");
  const size_t end = kRegionOffset + kRegionBytes;
  Require(now.compare(end, now.npos, pattern_, end, now.npos) == 0, "bytes after the region as they were");
  Require(object_.Put(0, pattern_.data(), pattern_.size()), "an object that can be written");
}

const std::vector<std::string>& PredictTarget::Texts() {
  static const auto* const texts = new std::vector<std::string>{
      "", "m", "1", "UA", "temp", "wind", "carrier", "flag", "\xff"};
  return *texts;
}

PredictTarget::PredictTarget() : model_(Served()), watched_(Watched()) {}

Outcome PredictTarget::Try(std::string_view bytes) {
  if (!request_.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Outcome::kUnreadable;
  const absl::Status status = DecodePredictRequest(request_, model_, decoded_);
  RequireReason(status);
  if (!status.ok()) return Outcome::kRefused;
  ReadInputs(model_, watched_, decoded_);
  const Outputs outputs(decoded_.rows);
  wire::PredictResponse response;
  std::string kept;
  TensorList views;
  EncodePredictResponse(model_, decoded_, outputs.tensors(), 0, request_.request_id(), response, kept, views);
  Require(response.outputs_size() == 2, "a whole answer");
  return Outcome::kServed;
}

}  // namespace driftserve
