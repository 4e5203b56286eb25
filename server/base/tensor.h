#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "server/base/data_type.h"

namespace driftserve {

using Shape = absl::InlinedVector<int64_t, 4>;

/// A tensor as the whole server knows it: element type, shape and a view of its bytes. A value; owns nothing: whoever
/// hands it on says who keeps the bytes.
///
/// Bytes are little-endian, row-major, without gaps. A kBytes tensor holds per element a 4-byte little-endian length
/// and then that many bytes, as on the wire. Bytes need not be aligned to the element's size.
struct TensorView {
  DataType type = DataType::kInvalid;
  Shape shape;  // the first dimension counts rows where the model batches
  const char* bytes = nullptr;
  size_t byte_size = 0;

  /// True for the place of an optional input that a request did not bring, or an output that the model left out.
  bool absent() const { return type == DataType::kInvalid; }
};

using TensorList = absl::InlinedVector<TensorView, 4>;

}  // namespace driftserve
