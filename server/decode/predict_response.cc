#include "server/decode/predict_response.h"

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "server/decode/bytes_tensor.h"
#include "server/decode/infer_response.h"

namespace driftserve {
namespace {

using wire::Column;

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// Calls `add` with the values of column `column` of `elements`.
template <typename T, typename Add>
void ForColumn(const TensorView& tensor, int64_t rows, int64_t elements, int64_t column, Add add) {
  for (int64_t row = 0; row < rows; ++row) add(Load<T>(tensor.bytes + (row * elements + column) * sizeof(T)));
}

float HalfToFloat(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  const uint32_t exponent = half >> 10 & 0x1f;
  const uint32_t fraction = half & 0x3ff;
  float value;
  if (exponent == 0) {
    value = static_cast<float>(fraction) * 0x1p-24f;
  } else {
    const uint32_t bits = (exponent == 31 ? 0xffu : exponent + 112) << 23 | fraction << 13;
    std::memcpy(&value, &bits, sizeof(value));
  }
  return sign != 0 ? -value : value;
}

float BrainFloatToFloat(uint16_t half) {
  const uint32_t bits = uint32_t{half} << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

void FillColumn(const TensorView& tensor, int64_t rows, int64_t elements, int64_t index, Column& column) {
  const auto integer = [&](auto value) { column.mutable_int64s()->add_values(static_cast<int64_t>(value)); };
  const auto number = [&](auto value) { column.mutable_doubles()->add_values(value); };
  switch (tensor.type) {
    case DataType::kBool:
      ForColumn<uint8_t>(tensor, rows, elements, index, [&](uint8_t v) { column.mutable_bools()->add_values(v != 0); });
      break;
    case DataType::kUint8:
      ForColumn<uint8_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kUint16:
      ForColumn<uint16_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kUint32:
      ForColumn<uint32_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kUint64:
      ForColumn<uint64_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kInt8:
      ForColumn<int8_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kInt16:
      ForColumn<int16_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kInt32:
      ForColumn<int32_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kInt64:
      ForColumn<int64_t>(tensor, rows, elements, index, integer);
      break;
    case DataType::kFp16:
      ForColumn<uint16_t>(tensor, rows, elements, index, [&](uint16_t v) { number(HalfToFloat(v)); });
      break;
    case DataType::kBf16:
      ForColumn<uint16_t>(tensor, rows, elements, index, [&](uint16_t v) { number(BrainFloatToFloat(v)); });
      break;
    case DataType::kFp32:
      ForColumn<float>(tensor, rows, elements, index, number);
      break;
    case DataType::kFp64:
      ForColumn<double>(tensor, rows, elements, index, number);
      break;
    case DataType::kBytes: {
      BytesReader reader(tensor.bytes, tensor.byte_size);
      for (int64_t i = 0; i < rows * elements; ++i) {
        const std::string_view element = reader.Next().value_or(std::string_view());
        if (i % elements == index) column.mutable_strings()->add_values(element.data(), element.size());
      }
      break;
    }
    case DataType::kInvalid:
      break;
  }
}

void SetColumnName(const Model& model, int tensor, int64_t column, int64_t elements, std::string& name) {
  for (const ColumnBinding& binding : model.prediction_columns) {
    if (binding.tensor == tensor && binding.column == column) {
      name = binding.name;
      return;
    }
  }
  name = model.settings.outputs[tensor].name;
  if (elements > 1) absl::StrAppend(&name, ".", column);
}

}  // namespace

void EncodePredictResponse(const Model& model, const DecodedRequest& decoded, const TensorList& outputs, int64_t first,
                           std::string_view request_id, wire::PredictResponse& response, std::string& kept,
                           TensorList& views) {
  response.Clear();
  response.set_model_name(model.settings.name);
  response.set_model_version(model.version_text);
  response.set_request_id(request_id.data(), request_id.size());
  kept.clear();
  views.clear();
  for (size_t index = 0; index < outputs.size(); ++index) {
    if (outputs[index].absent()) {
      views.emplace_back();
      continue;
    }
    const TensorView slice = SliceRows(outputs[index], model.settings.max_batch_size > 0, first, decoded.rows);
    int64_t elements = 1;
    for (const int64_t dimension : slice.shape) elements *= dimension;
    elements /= decoded.rows;
    for (int64_t column = 0; column < elements; ++column) {
      wire::NamedColumn& target = *response.add_outputs();
      SetColumnName(model, static_cast<int>(index), column, elements, *target.mutable_key());
      FillColumn(slice, decoded.rows, elements, column, *target.mutable_value());
    }
    views.push_back(slice);
    kept.append(slice.bytes, slice.byte_size);
  }
  size_t offset = 0;  // only now: appending may have moved the bytes
  for (TensorView& view : views) {
    view.bytes = kept.data() + offset;
    offset += view.byte_size;
  }
}

}  // namespace driftserve
