#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace driftserve {

/// Element types of the inference protocol.
enum class DataType : uint8_t {
  kInvalid, kBool, kUint8, kUint16, kUint32, kUint64, kInt8, kInt16, kInt32, kInt64, kFp16, kBf16, kFp32, kFp64, kBytes,
};

/// Bytes of one element; 0 for kBytes, whose elements differ in length, and for kInvalid.
size_t ElementSize(DataType type);

/// The protocol's spelling: "FP32", "BYTES".
std::string_view Name(DataType type);

/// From the protocol's spelling; nothing for any other text.
std::optional<DataType> DataTypeFromName(std::string_view name);

}  // namespace driftserve
