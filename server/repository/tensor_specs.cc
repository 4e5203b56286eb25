#include "server/repository/tensor_specs.h"

#include <algorithm>
#include <optional>
#include <set>

#include "server/base/text.h"

namespace driftserve {
namespace {

constexpr std::string_view kTypes =
    "TYPE_BOOL, TYPE_UINT8, TYPE_INT8, TYPE_INT16, TYPE_INT32, TYPE_INT64, TYPE_FP16, TYPE_BF16, TYPE_FP32, TYPE_FP64, "
    "TYPE_STRING";

// A row beyond this fits into no request, and sizes computed from it could overflow.
constexpr int64_t kMaxRowElements = int64_t{1} << 30;
// The decoder keeps a bit per input.
constexpr size_t kMaxTensors = 64;

// Nothing for types that TorchScript does not have.
std::optional<DataType> FromConfig(inference::DataType type) {
  switch (type) {
    case inference::TYPE_BOOL:
      return DataType::kBool;
    case inference::TYPE_UINT8:
      return DataType::kUint8;
    case inference::TYPE_INT8:
      return DataType::kInt8;
    case inference::TYPE_INT16:
      return DataType::kInt16;
    case inference::TYPE_INT32:
      return DataType::kInt32;
    case inference::TYPE_INT64:
      return DataType::kInt64;
    case inference::TYPE_FP16:
      return DataType::kFp16;
    case inference::TYPE_BF16:
      return DataType::kBf16;
    case inference::TYPE_FP32:
      return DataType::kFp32;
    case inference::TYPE_FP64:
      return DataType::kFp64;
    case inference::TYPE_STRING:
      return DataType::kBytes;
    default:
      return std::nullopt;
  }
}

// `Tensor`: ModelInput or ModelOutput.
template <typename Tensor>
TensorSpec ReadSpec(const Tensor& tensor, const std::string& where, std::vector<std::string>& faults) {
  TensorSpec spec;
  spec.name = tensor.name();
  if (spec.name.empty()) faults.push_back(Concat(where, ": name: expected a name, got nothing"));
  if (const std::optional<DataType> type = FromConfig(tensor.data_type())) {
    spec.type = *type;
  } else {
    faults.push_back(Concat(where, " `", spec.name, "`: data_type: expected one of ", kTypes, ", got ",
                            inference::DataType_Name(tensor.data_type())));
  }
  spec.dims.assign(tensor.dims().begin(), tensor.dims().end());
  if (spec.dims.empty()) {
    faults.push_back(
        Concat(where, " `", spec.name, "`: dims: expected the shape of a row, without the batch, got nothing"));
  }
  int64_t elements = 1;
  for (const int64_t dim : spec.dims) {
    elements *= dim > 0 && elements <= kMaxRowElements ? std::min(dim, kMaxRowElements) : 1;
    if (dim >= 1 || dim == -1) continue;
    faults.push_back(Concat(where, " `", spec.name, "`: dims: expected sizes from 1, or -1 for any, got ", dim));
  }
  if (elements > kMaxRowElements) {
    faults.push_back(Concat(where, " `", spec.name, "`: dims: expected at most ", kMaxRowElements,
                            " elements in a row, got [", Join(spec.dims, ","), "]"));
  }
  return spec;
}

template <typename Tensors>
std::vector<TensorSpec> ReadSpecs(const Tensors& tensors, const std::string& where, std::vector<std::string>& faults) {
  std::vector<TensorSpec> specs;
  std::set<std::string> names;
  if (static_cast<size_t>(tensors.size()) > kMaxTensors) {
    faults.push_back(Concat(where, ": expected at most ", kMaxTensors, ", got ", tensors.size()));
  }
  for (const auto& tensor : tensors) {
    specs.push_back(ReadSpec(tensor, where, faults));
    if constexpr (requires { tensor.optional(); }) specs.back().optional = tensor.optional();
    if (!names.insert(tensor.name()).second) {
      faults.push_back(Concat(where, " `", tensor.name(), "`: expected each name once, got it twice"));
    }
  }
  return specs;
}

std::string WhatToWrite(std::string_view role, std::string_view name) {
  return Concat("write ", role, " { name: \"", name, "\" data_type: TYPE_FP32 dims: [ … ] }, with its type and shape");
}

template <typename Tensor>
void Add(Tensor* tensor, const std::string& name) {
  tensor->set_name(name);
  tensor->set_data_type(inference::TYPE_STRING);
  tensor->add_dims(-1);
}

}  // namespace

std::vector<TensorSpec> InputSpecs(const inference::ModelConfig& config, const std::string& file,
                                   std::vector<std::string>& faults) {
  return ReadSpecs(config.input(), Concat(file, ": input"), faults);
}

std::vector<TensorSpec> OutputSpecs(const inference::ModelConfig& config, const std::string& file,
                                    std::vector<std::string>& faults) {
  return ReadSpecs(config.output(), Concat(file, ": output"), faults);
}

void AddFromSignature(const ModuleSignature& signature, const std::string& file, inference::ModelConfig& config,
                      std::vector<std::string>& faults) {
  if (config.input().empty()) {
    for (size_t i = 0; i < signature.argument_names.size(); ++i) {
      if (signature.argument_types[i] == "List[str]") {
        Add(config.add_input(), signature.argument_names[i]);
      } else {
        faults.push_back(Concat(file, ": input: argument `", signature.argument_names[i], "` (",
                                signature.argument_types[i], ") of forward() states neither data type nor shape; ",
                                WhatToWrite("input", signature.argument_names[i])));
      }
    }
  }
  if (!config.output().empty()) return;
  for (size_t i = 0; i < signature.result_types.size(); ++i) {
    const std::string name = Concat("OUTPUT__", i);
    if (signature.result_types[i] == "List[str]") {
      Add(config.add_output(), name);
    } else {
      faults.push_back(Concat(file, ": output: result ", i, " (", signature.result_types[i],
                              ") of forward() states neither data type nor shape; ", WhatToWrite("output", name)));
    }
  }
  if (signature.result_types.empty()) {
    faults.push_back(Concat(file, ": output: forward() does not say how many values it returns; ",
                            WhatToWrite("output", "OUTPUT__0")));
  }
}

}  // namespace driftserve
