#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "server/base/tensor.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// Keeps the bytes that a sample's tensors point into. Whoever answers requests derives from it and gets it back,
/// spent, through the return ring.
class SampleOwner {
 public:
  virtual ~SampleOwner() = default;
};

struct KeptRow {
  uint32_t row;                  // its number in the request
  uint32_t position;             // its row in `inputs` and `outputs`: another one where only kept rows were copied
  int stratum;
  double inclusion_probability;
};

using KeptRows = absl::InlinedVector<KeptRow, 4>;

/// One answered request with at least one kept row, on its way from the thread that answered it to the observer.
struct Sample {
  WatchedModel* model = nullptr;  // not owned; WatchedModel says why it is there as long as the sample waits
  std::string request_id;
  uint64_t request_sequence = 0;
  uint32_t rule_version = 0;
  int64_t time_ns = 0;  // Unix, when the server had read the request
  std::string traceparent;
  KeptRows rows;
  TensorList inputs;   // in the order of the model's inputs
  TensorList outputs;  // likewise
  std::unique_ptr<SampleOwner> owner;  // null where CopyKeptRows made it needless
  std::vector<char> copied_rows;       // what the tensors point into then; only grows from use to use
  size_t byte_size = 0;                // what the sample keeps alive: the owner's bytes, or the copied ones
};

}  // namespace driftserve
