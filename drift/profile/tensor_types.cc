#include "drift/profile/tensor_types.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include "drift/profile/text.h"
#include "drift/profile/text_file.h"
#include "inference/model_config.pb.h"

namespace drift {
namespace {

constexpr size_t kMaxBytes = 1 << 20;

/// Keeps the first error as "line:column: text".
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = Concat(line + 1, ":", column + 1, ": ", message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::optional<Dtype> DtypeOf(inference::DataType type) {
  // TYPE_FP32 → FP32; the configuration says STRING where the protocol says BYTES.
  if (type == inference::TYPE_STRING) return Dtype::kText;
  return DtypeFromName(inference::DataType_Name(type).substr(sizeof("TYPE_") - 1));
}

template <typename Tensors>
absl::Status AddTensors(const std::string& path, const Tensors& tensors, std::map<std::string, TensorType>& out) {
  for (const auto& tensor : tensors) {
    const auto dtype = DtypeOf(tensor.data_type());
    if (!dtype) {
      return absl::InvalidArgumentError(Concat(path, ": tensor '", tensor.name(), "': data_type: expected a type, got ",
                                               inference::DataType_Name(tensor.data_type())));
    }
    TensorType type{*dtype, 1};
    for (const int64_t size : tensor.dims()) {
      const bool open = size < 1 || type.elements < 0 || type.elements > INT64_MAX / size;
      type.elements = open ? -1 : type.elements * size;
    }
    out[tensor.name()] = type;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ModelTensors> LoadModelTensors(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (!text.ok()) return text.status();
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.AllowUnknownField(true);
  inference::ModelConfig config;
  if (!parser.ParseFromString(*text, &config)) return absl::InvalidArgumentError(Concat(path, ":", error.text()));
  ModelTensors tensors;
  tensors.name = config.name();
  absl::Status status = AddTensors(path, config.input(), tensors.inputs);
  if (status.ok()) status = AddTensors(path, config.output(), tensors.outputs);
  if (!status.ok()) return status;
  return tensors;
}

}  // namespace drift
