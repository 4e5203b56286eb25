#include "server/batch/admission.h"

#include "server/base/text.h"

namespace driftserve {

absl::Status Admission::Admit(size_t bytes) {
  const auto size = static_cast<int64_t>(bytes);
  const int64_t requests = requests_.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t total = bytes_.fetch_add(size, std::memory_order_relaxed) + size;
  if (requests <= max_requests_ && total <= max_bytes_) return absl::OkStatus();
  Release(1, bytes);
  refused_.Add();
  if (requests > max_requests_) {
    return absl::ResourceExhaustedError(
        Concat("the server holds ", max_requests_,
               " requests that have not run (scheduling.max_pending_requests); try again later"));
  }
  return absl::ResourceExhaustedError(Concat("the server holds requests of ", total - size,
                                             " bytes that have not run, and this one has ", size,
                                             " (scheduling.max_pending_bytes is ", max_bytes_, "); try again later"));
}

void Admission::Release(int64_t requests, size_t bytes) {
  requests_.fetch_sub(requests, std::memory_order_relaxed);
  bytes_.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed);
}

}  // namespace driftserve
