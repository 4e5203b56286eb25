#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "absl/container/inlined_vector.h"
#include "server/base/tensor.h"

namespace driftserve {

/// What a request says, checked against its model. Views point into the message they were decoded from and into
/// `scratch`, which holds bytes that had to be converted; both must outlive the views. Reused from request to request.
struct DecodedRequest {
  TensorList inputs;  // in the order of the model's inputs
  int64_t rows = 1;
  size_t byte_size = 0;                           // of all inputs
  absl::InlinedVector<int, 4> requested_outputs;  // indices among the model's outputs, in the order asked for
  absl::InlinedVector<int, 8> strata;             // one per row, or a single one that holds for all rows
  int64_t timeout_us = 0;                         // the request's own; 0: none
  std::deque<std::string> scratch;

  int stratum(int64_t row) const { return strata.size() == 1 ? strata[0] : strata[row]; }

  void Clear() {
    inputs.clear();
    rows = 1;
    byte_size = 0;
    requested_outputs.clear();
    strata.clear();
    timeout_us = 0;
    scratch.clear();
  }
};

}  // namespace driftserve
