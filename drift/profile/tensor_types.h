#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "drift/dtype.h"

namespace drift {

struct TensorType {
  Dtype dtype = Dtype::kFloat32;
  int64_t elements = -1;  // of one row; -1 where a dimension is open
};

struct ModelTensors {
  std::string name;  // of the model; may be empty
  std::map<std::string, TensorType> inputs, outputs;
};

/// The name and the tensors of a model's config.pbtxt, whose other fields are not looked at. NOT_FOUND where there is
/// no such file, INVALID_ARGUMENT with line and column for its content.
absl::StatusOr<ModelTensors> LoadModelTensors(const std::string& path);

}  // namespace drift
