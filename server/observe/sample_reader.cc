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

template <typename T, typename ToDouble>
void Widen(const char* bytes, std::vector<double>& elements, ToDouble to_double) {
  for (size_t i = 0; i < elements.size(); ++i) elements[i] = to_double(Load<T>(bytes + i * sizeof(T)));
}

template <typename T>
void Widen(const char* bytes, std::vector<double>& elements) {
  Widen<T>(bytes, elements, [](T value) { return static_cast<double>(value); });
}

// Fills `elements` from as many elements of the type.
void WidenAs(DataType type, const char* bytes, std::vector<double>& elements) {
  switch (type) {
    case DataType::kBool: return Widen<uint8_t>(bytes, elements, [](uint8_t value) { return value != 0 ? 1.0 : 0.0; });
    case DataType::kUint8: return Widen<uint8_t>(bytes, elements);
    case DataType::kUint16: return Widen<uint16_t>(bytes, elements);
    case DataType::kUint32: return Widen<uint32_t>(bytes, elements);
    case DataType::kUint64: return Widen<uint64_t>(bytes, elements);
    case DataType::kInt8: return Widen<int8_t>(bytes, elements);
    case DataType::kInt16: return Widen<int16_t>(bytes, elements);
    case DataType::kInt32: return Widen<int32_t>(bytes, elements);
    case DataType::kInt64: return Widen<int64_t>(bytes, elements);
    case DataType::kFp16: return Widen<uint16_t>(bytes, elements, HalfToDouble);
    case DataType::kBf16: return Widen<uint16_t>(bytes, elements, BfloatToDouble);
    case DataType::kFp32: return Widen<float>(bytes, elements);
    case DataType::kFp64: return Widen<double>(bytes, elements);
    case DataType::kBytes:
    case DataType::kInvalid: break;
  }
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

RowKind SampleReader::ReadRow(const TensorList& tensors, Ends& ends, int tensor, uint32_t position, bool batches,
                              std::vector<double>& elements) {
  elements.clear();
  if (tensor < 0 || static_cast<size_t>(tensor) >= tensors.size()) return RowKind::kNone;
  const TensorView& view = tensors[static_cast<size_t>(tensor)];
  size_t count = RowElements(view);
  if (!batches && !view.shape.empty()) count *= static_cast<size_t>(view.shape[0]);
  if (view.type == DataType::kBytes) {
    if (ends.empty()) ends.resize(tensors.size());
    for (size_t i = 0; i < count; ++i) {
      const drift::Value text = ReadText(view, ends[static_cast<size_t>(tensor)], position * count + i);
      if (text.missing()) {
        elements.clear();
        return RowKind::kNone;
      }
      elements.push_back(static_cast<double>(text.as_text().size()));
    }
    return RowKind::kTexts;
  }
  const size_t row_bytes = count * ElementSize(view.type);
  if (ElementSize(view.type) == 0 || (size_t{position} + 1) * row_bytes > view.byte_size) return RowKind::kNone;
  elements.resize(count);
  WidenAs(view.type, view.bytes + position * row_bytes, elements);
  return RowKind::kNumbers;
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
