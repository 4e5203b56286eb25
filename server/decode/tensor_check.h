#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "server/base/tensor.h"
#include "server/execute/executor.h"

namespace driftserve {

/// "[-1, 8]"
std::string ShapeText(absl::Span<const int64_t> shape);

/// The shape that `spec` asks for, as text: with a leading −1 for rows where the model batches.
std::string ExpectedShapeText(const TensorSpec& spec, bool batches);

/// Elements of `shape`. INVALID_ARGUMENT naming `input` where a dimension is negative or the product overflows.
absl::StatusOr<int64_t> ElementCount(const std::string& input, absl::Span<const int64_t> shape);

/// Rank and every dimension of `shape` against `spec`; where the model batches, the first is the number of rows, 1 to
/// `max_batch_size`.
absl::Status CheckShape(const TensorSpec& spec, int max_batch_size, absl::Span<const int64_t> shape);

/// That `tensor.bytes` hold exactly `elements` elements of its type.
absl::Status CheckBytes(const TensorSpec& spec, const TensorView& tensor, int64_t elements);

}  // namespace driftserve
