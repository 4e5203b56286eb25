#include "server/decode/typed_contents.h"

#include <limits>
#include <optional>
#include <vector>

#include "server/base/text.h"
#include "absl/strings/str_join.h"
#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

using inference::InferTensorContents;

/// The field of InferTensorContents that carries a type; null for types that only travel raw.
const char* FieldOf(DataType type) {
  switch (type) {
    case DataType::kBool: return "bool_contents";
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32: return "int_contents";
    case DataType::kInt64: return "int64_contents";
    case DataType::kUint8:
    case DataType::kUint16:
    case DataType::kUint32: return "uint_contents";
    case DataType::kUint64: return "uint64_contents";
    case DataType::kFp32: return "fp32_contents";
    case DataType::kFp64: return "fp64_contents";
    case DataType::kBytes: return "bytes_contents";
    default: return nullptr;
  }
}

std::vector<std::string> FilledFields(const InferTensorContents& contents) {
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  InferTensorContents::GetReflection()->ListFields(contents, &fields);
  std::vector<std::string> names;
  for (const auto* field : fields) names.push_back(field->name());
  return names;
}

absl::Status WrongField(const TensorSpec& spec, const InferTensorContents& contents) {
  const char* field = FieldOf(spec.type);
  if (field == nullptr) {
    return absl::InvalidArgumentError(Concat("input '", spec.name, "': ", Name(spec.type),
                                                   " values travel in raw_input_contents only, got typed contents"));
  }
  return absl::InvalidArgumentError(Concat("input '", spec.name, "': expected ", Name(spec.type), " values in ",
                                                 field, " only, got ", absl::StrJoin(FilledFields(contents), ", ")));
}

bool OnlyField(const InferTensorContents& contents, const char* field) {
  const std::vector<std::string> filled = FilledFields(contents);
  return field != nullptr && (filled.empty() || (filled.size() == 1 && filled[0] == field));
}

template <typename T>
void PointAt(const google::protobuf::RepeatedField<T>& values, TensorView& tensor) {
  tensor.bytes = reinterpret_cast<const char*>(values.data());
  tensor.byte_size = values.size() * sizeof(T);
}

/// Copies `values` as the narrower T.
template <typename T, typename Wide>
absl::Status Narrow(const TensorSpec& spec, const google::protobuf::RepeatedField<Wide>& values, TensorView& tensor,
                    std::deque<std::string>& scratch) {
  std::string& bytes = scratch.emplace_back(values.size() * sizeof(T), '\0');
  for (int i = 0; i < values.size(); ++i) {
    if (values[i] < std::numeric_limits<T>::min() || values[i] > std::numeric_limits<T>::max()) {
      return absl::InvalidArgumentError(Concat("input '", spec.name, "': element ", i, " is ", values[i],
                                                     ", which ", Name(spec.type), " cannot hold"));
    }
    const T value = static_cast<T>(values[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  tensor.bytes = bytes.data();
  tensor.byte_size = bytes.size();
  return absl::OkStatus();
}

void CopyBytes(const InferTensorContents& contents, TensorView& tensor, std::deque<std::string>& scratch) {
  std::string& bytes = scratch.emplace_back();
  for (const std::string& element : contents.bytes_contents()) AppendBytesElement(element, bytes);
  tensor.bytes = bytes.data();
  tensor.byte_size = bytes.size();
}

}  // namespace

absl::Status ReadTypedContents(const TensorSpec& spec, const InferTensorContents& contents, TensorView& tensor,
                               std::deque<std::string>& scratch) {
  if (!OnlyField(contents, FieldOf(spec.type))) return WrongField(spec, contents);
  switch (spec.type) {
    case DataType::kBool: PointAt(contents.bool_contents(), tensor); return absl::OkStatus();
    case DataType::kInt8: return Narrow<int8_t>(spec, contents.int_contents(), tensor, scratch);
    case DataType::kInt16: return Narrow<int16_t>(spec, contents.int_contents(), tensor, scratch);
    case DataType::kInt32: PointAt(contents.int_contents(), tensor); return absl::OkStatus();
    case DataType::kInt64: PointAt(contents.int64_contents(), tensor); return absl::OkStatus();
    case DataType::kUint8: return Narrow<uint8_t>(spec, contents.uint_contents(), tensor, scratch);
    case DataType::kUint16: return Narrow<uint16_t>(spec, contents.uint_contents(), tensor, scratch);
    case DataType::kUint32: PointAt(contents.uint_contents(), tensor); return absl::OkStatus();
    case DataType::kUint64: PointAt(contents.uint64_contents(), tensor); return absl::OkStatus();
    case DataType::kFp32: PointAt(contents.fp32_contents(), tensor); return absl::OkStatus();
    case DataType::kFp64: PointAt(contents.fp64_contents(), tensor); return absl::OkStatus();
    case DataType::kBytes: CopyBytes(contents, tensor, scratch); return absl::OkStatus();
    default: return WrongField(spec, contents);
  }
}

}  // namespace driftserve
