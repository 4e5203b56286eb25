#include "server/base/data_type.h"

#include <array>

namespace driftserve {
namespace {

struct Entry {
  DataType type;
  std::string_view name;
  size_t size;
};

// In the order of the enumeration.
constexpr std::array<Entry, 15> kTypes = {{
    {DataType::kInvalid, "INVALID", 0}, {DataType::kBool, "BOOL", 1},     {DataType::kUint8, "UINT8", 1},
    {DataType::kUint16, "UINT16", 2},   {DataType::kUint32, "UINT32", 4}, {DataType::kUint64, "UINT64", 8},
    {DataType::kInt8, "INT8", 1},       {DataType::kInt16, "INT16", 2},   {DataType::kInt32, "INT32", 4},
    {DataType::kInt64, "INT64", 8},     {DataType::kFp16, "FP16", 2},     {DataType::kBf16, "BF16", 2},
    {DataType::kFp32, "FP32", 4},       {DataType::kFp64, "FP64", 8},     {DataType::kBytes, "BYTES", 0},
}};

}  // namespace

size_t ElementSize(DataType type) { return kTypes[static_cast<size_t>(type)].size; }

std::string_view Name(DataType type) { return kTypes[static_cast<size_t>(type)].name; }

std::optional<DataType> DataTypeFromName(std::string_view name) {
  for (const Entry& entry : kTypes) {
    if (entry.type != DataType::kInvalid && entry.name == name) return entry.type;
  }
  return std::nullopt;
}

}  // namespace driftserve
