#include "server/metrics/serving_collector.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "server/metrics/families.h"

namespace driftserve {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array<const char*, kCodeCount> kCodeNames = {
    "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
    "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
    "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
    "DATA_LOSS", "UNAUTHENTICATED"};

// The codes that a rate is asked of: there from the first scrape on, at 0, or their first increase would be lost.
bool AlwaysShown(size_t method, size_t code) {
  if (method != static_cast<size_t>(Method::kModelInfer) && method != static_cast<size_t>(Method::kPredict))
    return false;
  return code == 0 || code == 1 || code == 3 || code == 4 || code == 8 || code == 13 || code == 14;
}

template <typename Histogram>
struct Summed {
  std::vector<double> bounds;
  std::vector<uint64_t> counts = std::vector<uint64_t>(Histogram::kBucketCount);
  double sum = 0;
};

// All threads' slots of one histogram; `unit` of the observed values in the exported unit.
template <typename Histogram>
Summed<Histogram> Sum(const ServingCounters& counters, Histogram ServingSlot::*member, double unit) {
  Summed<Histogram> all;
  for (size_t i = 0; i + 1 < Histogram::kBucketCount; ++i) {
    all.bounds.push_back(static_cast<double>(Histogram::Bound(i)) / unit);
  }
  for (const ServingSlot& slot : counters.slots()) {
    const Histogram& histogram = slot.*member;
    for (size_t i = 0; i < Histogram::kBucketCount; ++i) all.counts[i] += histogram.Count(i);
    all.sum += static_cast<double>(histogram.Sum()) / unit;
  }
  return all;
}

void AddRequests(const ServingCounters& counters, const MetricLabels& model, FamilyBuilder& requests) {
  for (size_t method = 0; method < kMethodCount; ++method) {
    for (size_t code = 0; code < kCodeCount; ++code) {
      uint64_t count = 0;
      for (const ServingSlot& slot : counters.slots()) count += slot.requests[method][code].Read();
      if (count == 0 && !AlwaysShown(method, code)) continue;
      requests.Add(With(model, "method", kMethodNames[method], "code", kCodeNames[code]), static_cast<double>(count));
    }
  }
}

struct ServingFamilies {
  FamilyBuilder requests{"driftserve_requests_total", "Requests answered, by method and gRPC status code.",
                         MetricType::Counter};
  FamilyBuilder refused{"driftserve_refused_requests_total",
                        "Requests that were right and did not run, by reason; among driftserve_requests_total too.",
                        MetricType::Counter};
  FamilyBuilder delayed{"driftserve_delayed_requests_total",
                        "Requests past their timeout that ran after the others of their priority level instead.",
                        MetricType::Counter};
  FamilyBuilder request{"driftserve_request_duration_seconds", "From accepting a request to its reply.",
                        MetricType::Histogram};
  FamilyBuilder queue{"driftserve_queue_duration_seconds", "From accepting a request to the start of its batch.",
                      MetricType::Histogram};
  FamilyBuilder execute{"driftserve_execute_duration_seconds", "One run of the model, once per batch.",
                        MetricType::Histogram};
  FamilyBuilder rows{"driftserve_batch_rows", "Rows of a batch.", MetricType::Histogram};
  FamilyBuilder hung{"driftserve_hung_runs_total", "Runs of a model that took longer than the watchdog's limit.",
                     MetricType::Counter};
  FamilyBuilder halved{"driftserve_halved_batches_total",
                       "Batches run again in two halves, because memory ran out.", MetricType::Counter};
  FamilyBuilder faults{"driftserve_device_faults_total", "Runs that found their device failed for good.",
                       MetricType::Counter};
  FamilyBuilder pinned{"driftserve_pinned_bytes", "Page-locked host memory of the instances on a device.",
                       MetricType::Gauge};
  FamilyBuilder slabs{"driftserve_pinned_slabs_total", "Pieces of page-locked memory that instances ever allocated.",
                      MetricType::Counter};
  FamilyBuilder device_batches{"driftserve_device_batches_total",
                               "Batches given to a device, run eagerly or replayed as a recorded graph.",
                               MetricType::Counter};
  FamilyBuilder recordings{"driftserve_failed_recordings_total",
                           "Buckets that could not be recorded as a graph, and run eagerly.", MetricType::Counter};
  FamilyBuilder ready{"driftserve_model_ready", "1 while the model version answers requests.", MetricType::Gauge};

  void Add(const ServedVersion& version) {
    const MetricLabels model = {Label("model_name", version.name), Label("model_version", version.version)};
    const bool served = !version.name.empty();
    if (served) ready.Add(model, version.ready ? 1 : 0);
    if (version.counters == nullptr) return;
    AddRequests(*version.counters, model, requests);
    AddRefused(*version.counters, model);
    if (!served) return;
    AddCount(*version.counters, &ServingSlot::hung_runs, model, hung);
    AddCount(*version.counters, &ServingSlot::halved_batches, model, halved);
    AddCount(*version.counters, &ServingSlot::device_faults, model, faults);
    AddCount(*version.counters, &ServingSlot::delayed, model, delayed);
    AddDevice(*version.counters, model);
    AddDuration(*version.counters, &ServingSlot::request_duration, model, request);
    AddDuration(*version.counters, &ServingSlot::queue_duration, model, queue);
    AddDuration(*version.counters, &ServingSlot::execute_duration, model, execute);
    const auto batch = Sum(*version.counters, &ServingSlot::batch_rows, 1);
    rows.AddHistogram(model, batch.bounds, batch.counts, batch.sum);
  }

  static void AddCount(const ServingCounters& counters, SingleWriterCounter ServingSlot::* counter,
                       const MetricLabels& model, FamilyBuilder& family) {
    uint64_t count = 0;
    for (const ServingSlot& slot : counters.slots()) count += (slot.*counter).Read();
    family.Add(model, static_cast<double>(count));
  }

  void AddRefused(const ServingCounters& counters, const MetricLabels& model) {
    for (size_t reason = 0; reason < kRefusalCount; ++reason) {
      uint64_t count = 0;
      for (const ServingSlot& slot : counters.slots()) count += slot.refused[reason].Read();
      refused.Add(With(model, "reason", kRefusalNames[reason]), static_cast<double>(count));
    }
  }

  // Only of models that have used a device.
  void AddDevice(const ServingCounters& counters, const MetricLabels& model) {
    const auto sum = [&counters](SingleWriterCounter DeviceCounters::* counter) {
      uint64_t count = 0;
      for (const ServingSlot& slot : counters.slots()) count += (slot.device.*counter).Read();
      return static_cast<double>(count);
    };
    if (sum(&DeviceCounters::slabs) == 0) return;
    pinned.Add(model, sum(&DeviceCounters::pinned_bytes));
    slabs.Add(model, sum(&DeviceCounters::slabs));
    device_batches.Add(With(model, "how", "eager"), sum(&DeviceCounters::eager_batches));
    device_batches.Add(With(model, "how", "replayed"), sum(&DeviceCounters::replayed_batches));
    recordings.Add(model, sum(&DeviceCounters::failed_recordings));
  }

  static void AddDuration(const ServingCounters& counters, DurationHistogram ServingSlot::*member,
                          const MetricLabels& model, FamilyBuilder& family) {
    const auto seconds = Sum(counters, member, 1e9);
    family.AddHistogram(model, seconds.bounds, seconds.counts, seconds.sum);
  }
};

}  // namespace

ServingCollector::ServingCollector(ServingSource source, BuildFacts build)
    : source_(std::move(source)), build_(std::move(build)) {}

std::vector<MetricFamily> ServingCollector::Collect() const {
  const ServingState state = source_ ? source_() : ServingState{};
  ServingFamilies families;
  for (const ServedVersion& version : state.versions) families.Add(version);

  FamilyBuilder requests("driftserve_pending_requests", "Requests accepted and not yet run.", MetricType::Gauge);
  requests.Add({}, static_cast<double>(state.pending_requests));
  FamilyBuilder bytes("driftserve_pending_bytes", "Bytes of the requests accepted and not yet run.", MetricType::Gauge);
  bytes.Add({}, static_cast<double>(state.pending_bytes));
  FamilyBuilder loads("driftserve_model_loads_total", "Loads and reloads of a model, by how they ended.",
                      MetricType::Counter);
  for (const ModelLoads& load : state.loads) {
    loads.Add({Label("model_name", load.model), Label("outcome", load.outcome), Label("reason", load.reason)},
              static_cast<double>(load.count));
  }
  FamilyBuilder build("driftserve_build_info", "1; what this server was built from.", MetricType::Gauge);
  build.Add({Label("version", build_.version), Label("commit", build_.commit), Label("torch", build_.torch)}, 1);

  FamilyBuilder lines("driftserve_access_log_lines_total",
                      "Lines of the access log: written, dropped by a full ring, or failed to be written.",
                      MetricType::Counter);
  if (state.access_lines) {
    lines.Add({Label("outcome", "written")}, static_cast<double>(state.access_lines->written));
    lines.Add({Label("outcome", "dropped")}, static_cast<double>(state.access_lines->dropped));
    lines.Add({Label("outcome", "failed")}, static_cast<double>(state.access_lines->failed));
  }

  std::vector<MetricFamily> all;
  for (FamilyBuilder* family :
       {&families.requests, &families.refused, &families.delayed, &families.request, &families.queue,
        &families.execute, &families.rows, &families.hung, &families.halved, &families.faults, &families.pinned,
        &families.slabs, &families.device_batches, &families.recordings, &families.ready, &requests, &bytes,
        &loads, &lines, &build}) {
    family->MoveTo(all);
  }
  return all;
}

}  // namespace driftserve
