#include "server/rpc/model_statistics.h"

#include <algorithm>

namespace driftserve {
namespace {

/// The sum of one counter over all threads.
template <typename Read>
uint64_t Sum(const ServingCounters& counters, Read read) {
  uint64_t sum = 0;
  for (const ServingSlot& slot : counters.slots()) sum += read(slot);
  return sum;
}

void Set(inference::StatisticDuration& duration, uint64_t count, uint64_t ns) {
  duration.set_count(count);
  duration.set_ns(ns);
}

struct RequestCounts {
  uint64_t succeeded = 0;
  uint64_t failed = 0;
};

RequestCounts CountRequests(const ServingCounters& counters) {
  RequestCounts counts;
  for (const ServingSlot& slot : counters.slots()) {
    for (size_t method = 0; method < kMethodCount; ++method) {
      if (method == static_cast<size_t>(Method::kReportLabels)) continue;  // no inference
      const auto& codes = slot.requests[method];
      counts.succeeded += codes[0].Read();
      for (size_t code = 1; code < kCodeCount; ++code) counts.failed += codes[code].Read();
    }
  }
  return counts;
}

void FillRequests(const ServingCounters& counters, inference::InferStatistics& statistics) {
  const RequestCounts counts = CountRequests(counters);
  const uint64_t failed_ns = Sum(counters, [](const ServingSlot& slot) { return slot.failed_ns.Read(); });
  const uint64_t all_ns = Sum(counters, [](const ServingSlot& slot) { return slot.request_duration.Sum(); });
  Set(*statistics.mutable_success(), counts.succeeded, all_ns - std::min(all_ns, failed_ns));
  Set(*statistics.mutable_fail(), counts.failed, failed_ns);
  Set(*statistics.mutable_queue(), counts.succeeded,
      Sum(counters, [](const ServingSlot& slot) { return slot.queue_ns.Read(); }));
  Set(*statistics.mutable_compute_input(), counts.succeeded, 0);
  Set(*statistics.mutable_compute_infer(), counts.succeeded,
      Sum(counters, [](const ServingSlot& slot) { return slot.infer_ns.Read(); }));
  Set(*statistics.mutable_compute_output(), counts.succeeded,
      Sum(counters, [](const ServingSlot& slot) { return slot.output_ns.Read(); }));
}

void FillBatches(const ServingCounters& counters, inference::ModelStatistics& statistics) {
  const size_t sizes = counters.slots().empty() ? 0 : counters.slots()[0].batches.size();
  uint64_t executions = 0, rows = 0;
  for (size_t i = 0; i < sizes; ++i) {
    const uint64_t count = Sum(counters, [i](const ServingSlot& slot) { return slot.batches[i].count.Read(); });
    if (count == 0) continue;
    executions += count;
    rows += count * (i + 1);
    inference::InferBatchStatistics& batch = *statistics.add_batch_stats();
    batch.set_batch_size(i + 1);
    Set(*batch.mutable_compute_input(), count, 0);
    Set(*batch.mutable_compute_infer(), count,
        Sum(counters, [i](const ServingSlot& slot) { return slot.batches[i].infer_ns.Read(); }));
    Set(*batch.mutable_compute_output(), count,
        Sum(counters, [i](const ServingSlot& slot) { return slot.batches[i].output_ns.Read(); }));
  }
  statistics.set_execution_count(executions);
  statistics.set_inference_count(rows);
}

}  // namespace

void FillStatistics(const Model& model, int64_t monotonic_ns, int64_t unix_ns,
                    inference::ModelStatistics& statistics) {
  statistics.set_name(model.settings.name);
  statistics.set_version(model.version_text);
  FillRequests(model.counters, *statistics.mutable_inference_stats());
  FillBatches(model.counters, statistics);
  int64_t last_ns = 0;
  for (const ServingSlot& slot : model.counters.slots()) {
    last_ns = std::max(last_ns, static_cast<int64_t>(slot.last_end_ns.Read()));
  }
  if (last_ns > 0) statistics.set_last_inference((unix_ns - (monotonic_ns - last_ns)) / 1'000'000);
}

}  // namespace driftserve
