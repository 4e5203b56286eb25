#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "server/base/counter.h"

namespace driftserve {

/// The server's bound on work that was accepted and has not run. Thread-safe.
///
/// Refused: a request that finds either bound reached; counted in refused().
class Admission {
 public:
  Admission(int64_t max_requests, int64_t max_bytes) : max_requests_(max_requests), max_bytes_(max_bytes) {}

  /// RESOURCE_EXHAUSTED naming the bound and the option when the request does not fit; otherwise it is counted until
  /// Release.
  absl::Status Admit(size_t bytes);
  void Release(int64_t requests, size_t bytes);

  int64_t pending_requests() const { return requests_.load(std::memory_order_relaxed); }
  int64_t pending_bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.Read(); }

 private:
  const int64_t max_requests_;
  const int64_t max_bytes_;
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> bytes_{0};
  SharedCounter refused_;
};

}  // namespace driftserve
