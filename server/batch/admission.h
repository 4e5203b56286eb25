#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "server/base/holding.h"
#include "server/base/serving_counters.h"

namespace driftserve {

/// The server's bound on work that was accepted and has not run. Thread-safe.
///
/// Refused: a request that finds either bound reached; and, among several models, one whose model holds more than is
/// still free. So one overloaded model leaves the others half of the bounds, and n of them leave 1/(n + 1). (Choudhury
/// and Hahne, Dynamic queue length thresholds for shared-memory packet switches, IEEE/ACM ToN 6, 1998, with α = 1.)
class Admission {
 public:
  Admission(int64_t max_requests, int64_t max_bytes) : max_requests_(max_requests), max_bytes_(max_bytes) {}

  /// Counts the request until Release, in `model` too, where it fits; nothing is counted where it does not. `alone`:
  /// no other model is served.
  std::optional<Refusal> Admit(size_t bytes, Holding& model, bool alone);
  void Release(int64_t requests, size_t bytes, Holding& model);

  /// RESOURCE_EXHAUSTED naming the bound and the option, for kServerFull and kModelShare.
  absl::Status Explain(Refusal refusal) const;

  int64_t pending_requests() const { return requests_.load(std::memory_order_relaxed); }
  int64_t pending_bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  const int64_t max_requests_;
  const int64_t max_bytes_;
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> bytes_{0};
};

}  // namespace driftserve
