#include "server/observe/sample_reader.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>

namespace driftserve {
namespace {

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

double HalfToDouble(uint16_t half) {
  const int exponent = (half >> 10) & 0x1f;
  const int mantissa = half & 0x3ff;
  double magnitude;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(mantissa, -24);
  } else {
    magnitude = std::ldexp(mantissa + 1024, exponent - 25);
  }
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

double BfloatToDouble(uint16_t value) { return std::bit_cast<float>(uint32_t{value} << 16); }

// Elements of one row: all dimensions but the first.
size_t RowElements(const TensorView& tensor) {
  int64_t elements = 1;
  for (size_t i = 1; i < tensor.shape.size(); ++i) elements *= tensor.shape[i];
  return static_cast<size_t>(elements);
}

}  // namespace

drift::Value ReadElement(const TensorView& tensor, size_t index) {
  using drift::Value;
  const size_t size = ElementSize(tensor.type);
  if (size == 0 || index >= tensor.byte_size / size) return Value::Missing();
  const char* at = tensor.bytes + index * size;
  switch (tensor.type) {
    case DataType::kBool: return Value::Bool(*at != 0);
    case DataType::kUint8: return Value::Uint64(Load<uint8_t>(at));
    case DataType::kUint16: return Value::Uint64(Load<uint16_t>(at));
    case DataType::kUint32: return Value::Uint64(Load<uint32_t>(at));
    case DataType::kUint64: return Value::Uint64(Load<uint64_t>(at));
    case DataType::kInt8: return Value::Int64(Load<int8_t>(at));
    case DataType::kInt16: return Value::Int64(Load<int16_t>(at));
    case DataType::kInt32: return Value::Int64(Load<int32_t>(at));
    case DataType::kInt64: return Value::Int64(Load<int64_t>(at));
    case DataType::kFp16: return Value::Double(HalfToDouble(Load<uint16_t>(at)));
    case DataType::kBf16: return Value::Double(BfloatToDouble(Load<uint16_t>(at)));
    case DataType::kFp32: return Value::Double(Load<float>(at));
    case DataType::kFp64: return Value::Double(Load<double>(at));
    case DataType::kBytes:
    case DataType::kInvalid: break;
  }
  return Value::Missing();
}

drift::Value SampleReader::Read(const TensorList& tensors, Ends& ends, const FeatureBinding& binding,
                                uint32_t position) {
  const auto tensor = static_cast<size_t>(binding.tensor);
  if (binding.tensor < 0 || tensor >= tensors.size() || binding.column < 0) return drift::Value::Missing();
  const size_t index = position * RowElements(tensors[tensor]) + static_cast<size_t>(binding.column);
  if (tensors[tensor].type != DataType::kBytes) return ReadElement(tensors[tensor], index);
  if (ends.empty()) ends.resize(tensors.size());
  return ReadText(tensors[tensor], ends[tensor], index);
}

// Texts differ in length, so the way to one leads over those before it: walked once per sample, not once per row.
drift::Value SampleReader::ReadText(const TensorView& tensor, std::vector<size_t>& ends, size_t index) {
  constexpr size_t kPrefix = sizeof(uint32_t);
  while (ends.size() <= index) {
    const size_t start = ends.empty() ? 0 : ends.back();
    if (tensor.byte_size - start < kPrefix) return drift::Value::Missing();
    const size_t length = Load<uint32_t>(tensor.bytes + start);
    if (tensor.byte_size - start - kPrefix < length) return drift::Value::Missing();
    ends.push_back(start + kPrefix + length);
  }
  const size_t start = (index == 0 ? 0 : ends[index - 1]) + kPrefix;
  return drift::Value::Text(std::string_view(tensor.bytes + start, ends[index] - start));
}

}  // namespace driftserve
