#include "server/decode/strata.h"

#include <charconv>
#include <cstring>

#include "server/decode/bytes_tensor.h"

namespace driftserve {
namespace {

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

/// The text of one element, as it would stand in monitor.yaml; empty for types that cannot name a stratum.
std::string_view ElementText(DataType type, const char* bytes, char (&buffer)[32]) {
  char* end = buffer;
  const auto print = [&](auto value) { end = std::to_chars(buffer, buffer + sizeof(buffer), value).ptr; };
  switch (type) {
    case DataType::kBool: return *bytes != 0 ? "true" : "false";
    case DataType::kUint8: print(Load<uint8_t>(bytes)); break;
    case DataType::kUint16: print(Load<uint16_t>(bytes)); break;
    case DataType::kUint32: print(Load<uint32_t>(bytes)); break;
    case DataType::kUint64: print(Load<uint64_t>(bytes)); break;
    case DataType::kInt8: print(Load<int8_t>(bytes)); break;
    case DataType::kInt16: print(Load<int16_t>(bytes)); break;
    case DataType::kInt32: print(Load<int32_t>(bytes)); break;
    case DataType::kInt64: print(Load<int64_t>(bytes)); break;
    case DataType::kFp32: print(Load<float>(bytes)); break;
    case DataType::kFp64: print(Load<double>(bytes)); break;
    default: return {};
  }
  return {buffer, static_cast<size_t>(end - buffer)};
}

void ResolveBytes(const SamplingRule& rule, const TensorView& tensor, int64_t elements, int64_t column,
                  DecodedRequest& decoded) {
  BytesReader reader(tensor.bytes, tensor.byte_size);
  for (int64_t row = 0; row < decoded.rows; ++row) {
    for (int64_t i = 0; i < elements; ++i) {
      const std::string_view element = reader.Next().value_or(std::string_view());
      if (i == column) decoded.strata.push_back(rule.StratumOf(element));
    }
  }
}

}  // namespace

void ResolveStrataFromFeature(const WatchedModel& model, DecodedRequest& decoded) {
  const SamplingRule& rule = model.rule();
  const FeatureBinding& source = model.settings().stratum_feature;
  const TensorView& tensor = decoded.inputs[source.tensor];
  int64_t elements = 1;  // per row; a tensor without a rows' dimension is one row
  for (size_t i = 0; i < tensor.shape.size(); ++i) elements *= tensor.shape[i];
  elements /= decoded.rows;
  decoded.strata.clear();
  if (tensor.absent() || source.column >= elements) {  // or a dimension of any length is too short in this request
    decoded.strata.push_back(0);
    return;
  }
  if (tensor.type == DataType::kBytes) {
    ResolveBytes(rule, tensor, elements, source.column, decoded);
    return;
  }
  const size_t size = ElementSize(tensor.type);
  char buffer[32];
  for (int64_t row = 0; row < decoded.rows; ++row) {
    const char* element = tensor.bytes + (row * elements + source.column) * size;
    decoded.strata.push_back(rule.StratumOf(ElementText(tensor.type, element, buffer)));
  }
}

void ResolveStrataFromText(const WatchedModel& model, std::string_view text, DecodedRequest& decoded) {
  decoded.strata.assign(1, model.rule().StratumOf(text));
}

}  // namespace driftserve
