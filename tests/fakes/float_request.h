#pragma once

#include <utility>
#include <vector>

#include "server/execute/executor.h"

namespace driftserve::fakes {

/// Rows of one FP32 input, which an item of a batch points to.
struct FloatRequest {
  FloatRequest(Shape shape, std::vector<float> numbers) : values(std::move(numbers)), rows(shape[0]) {
    inputs.push_back({DataType::kFp32, std::move(shape), reinterpret_cast<const char*>(values.data()),
                      values.size() * sizeof(float)});
  }
  BatchItem Item() const { return {&inputs, rows}; }

  std::vector<float> values;
  int64_t rows;
  TensorList inputs;
};

inline std::vector<float> Floats(const TensorView& view) {
  const auto* const first = reinterpret_cast<const float*>(view.bytes);
  return {first, first + view.byte_size / sizeof(float)};
}

}  // namespace driftserve::fakes
