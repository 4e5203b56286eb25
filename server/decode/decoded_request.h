#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/base/tensor.h"
#include "server/shared_memory/shared_region.h"

namespace driftserve {

/// `byte_size` bytes from `offset` of a registered region, which stays open while somebody holds it.
struct SharedRange {
  std::shared_ptr<const SharedRegion> region;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

/// What a request says, checked against its model. Views point into the message they were decoded from and into
/// `scratch` and `copies`, which hold bytes that were converted or copied; all must outlive the views. Reused from
/// request to request.
struct DecodedRequest {
  TensorList inputs;  // in the order of the model's inputs; absent where an optional one did not come
  int64_t rows = 1;
  size_t byte_size = 0;                           // of all inputs
  absl::InlinedVector<int, 4> requested_outputs;  // indices among the model's outputs, in the order asked for
  bool names_outputs = false;                     // they were asked for by name; else they are all there are
  absl::InlinedVector<int, 8> strata;             // one per row, or a single one that holds for all rows
  int64_t timeout_us = 0;                         // the request's own; 0: none
  uint64_t priority = 0;                          // 1 is the most urgent; 0: the model's default
  std::vector<int> column_order;                  // of named columns, as they came: kept as a guess for the next request
  std::deque<std::string> scratch;
  std::vector<std::unique_ptr<char[]>> copies;  // inputs out of shared memory
  // Where requested outputs go, in the order of requested_outputs; no region, or no entry: into the response.
  std::vector<SharedRange> output_ranges;

  int stratum(int64_t row) const { return strata.size() == 1 ? strata[0] : strata[row]; }

  void Clear() {
    inputs.clear();
    rows = 1;
    byte_size = 0;
    requested_outputs.clear();
    names_outputs = false;
    strata.clear();
    timeout_us = 0;
    priority = 0;
    if (!scratch.empty()) scratch.clear();  // which walks the blocks of an empty deque, too
    copies.clear();
    output_ranges.clear();
  }
};

}  // namespace driftserve
