#include "server/batch/admission.h"

#include "server/base/text.h"

namespace driftserve {

std::optional<Refusal> Admission::Admit(size_t bytes, Holding& model, bool alone) {
  const auto size = static_cast<int64_t>(bytes);
  const int64_t requests = requests_.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t total = bytes_.fetch_add(size, std::memory_order_relaxed) + size;
  const int64_t of_model = model.requests.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t bytes_of_model = model.bytes.fetch_add(size, std::memory_order_relaxed) + size;
  const bool fits = requests <= max_requests_ && total <= max_bytes_;
  const bool fair = alone || (of_model <= max_requests_ - requests + 1 && bytes_of_model <= max_bytes_ - total + size);
  if (fits && fair) return std::nullopt;
  Release(1, bytes, model);
  return fits ? Refusal::kModelShare : Refusal::kServerFull;
}

void Admission::Release(int64_t requests, size_t bytes, Holding& model) {
  const auto size = static_cast<int64_t>(bytes);
  requests_.fetch_sub(requests, std::memory_order_relaxed);
  bytes_.fetch_sub(size, std::memory_order_relaxed);
  model.requests.fetch_sub(requests, std::memory_order_relaxed);
  model.bytes.fetch_sub(size, std::memory_order_relaxed);
}

absl::Status Admission::Explain(Refusal refusal) const {
  const char* const whose = refusal == Refusal::kModelShare ? "this model's requests hold more than is free of"
                                                            : "the server's requests hold";
  return absl::ResourceExhaustedError(
      Concat(whose, " what may wait to run, ", max_requests_, " requests (scheduling.max_pending_requests) and ",
             max_bytes_, " bytes (scheduling.max_pending_bytes); try again later"));
}

}  // namespace driftserve
