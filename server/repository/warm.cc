#include "server/repository/warm.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "server/base/device_fault.h"
#include "server/base/text.h"
#include "server/execute/async_graph.h"

namespace driftserve {
namespace {

constexpr int kTimedRuns = 5;

template <typename Number>
void Fill(std::string& bytes, Number (*draw)(std::mt19937&)) {
  std::mt19937 random(1);
  for (size_t at = 0; at + sizeof(Number) <= bytes.size(); at += sizeof(Number)) {
    const Number value = draw(random);
    std::memcpy(bytes.data() + at, &value, sizeof(value));
  }
}

// Fractions for the common floating types, 0 and 1 for the others: an index into an embedding must be a small number.
void FillRandom(DataType type, std::string& bytes) {
  switch (type) {
    case DataType::kFp32:
      return Fill<float>(bytes, [](std::mt19937& r) { return std::uniform_real_distribution<float>()(r); });
    case DataType::kFp64:
      return Fill<double>(bytes, [](std::mt19937& r) { return std::uniform_real_distribution<double>()(r); });
    case DataType::kInt16:
      return Fill<int16_t>(bytes, [](std::mt19937& r) { return static_cast<int16_t>(r() & 1); });
    case DataType::kInt32:
      return Fill<int32_t>(bytes, [](std::mt19937& r) { return static_cast<int32_t>(r() & 1); });
    case DataType::kInt64:
      return Fill<int64_t>(bytes, [](std::mt19937& r) { return static_cast<int64_t>(r() & 1); });
    case DataType::kBool:
    case DataType::kUint8:
    case DataType::kInt8:
      return Fill<uint8_t>(bytes, [](std::mt19937& r) { return static_cast<uint8_t>(r() & 1); });
    default:
      return;  // half precision stays zero
  }
}

// What cannot be recorded runs eagerly, and is counted where it happened: only a device that is gone is an error.
absl::Status Record(Graph& graph, const ModelSettings& settings, const BatchItem& item) {
  AsyncGraph* const device = graph.async();
  if (!settings.cuda_graphs || device == nullptr) return absl::OkStatus();
  const absl::Status status = device->Record({&item, 1});
  return IsDeviceFault(status) ? status : absl::OkStatus();
}

}  // namespace

WarmInputs::WarmInputs(const ModelSettings& settings, int64_t rows) : rows_(rows) {
  bytes_.reserve(settings.inputs.size());
  for (size_t i = 0; i < settings.inputs.size(); ++i) {
    const TensorSpec& spec = settings.inputs[i];
    Shape shape;
    if (settings.max_batch_size > 0) shape.push_back(rows);
    for (const int64_t dim : settings.warm_dims[i]) shape.push_back(dim);
    int64_t elements = 1;
    for (const int64_t dim : shape) elements *= dim;
    // An empty text is its length alone: four bytes of zero.
    const size_t size = spec.type == DataType::kBytes ? sizeof(uint32_t) : ElementSize(spec.type);
    bytes_.emplace_back(static_cast<size_t>(elements) * size, '\0');
    if (settings.random_warming) FillRandom(spec.type, bytes_.back());
    inputs_.push_back({spec.type, std::move(shape), bytes_.back().data(), bytes_.back().size()});
  }
}

absl::Status WarmOnce(Graph& graph, const BatchItem& item) {
  TensorList outputs;
  const absl::Status status = graph.Run({&item, 1}, outputs);
  if (status.ok()) return status;
  return absl::Status(status.code(), Concat(status.message(), " (on warming with a batch of ", item.rows,
                                            "; model_warmup in config.pbtxt says what to warm with)"));
}

absl::Status Warm(const ModelSettings& settings, const std::function<absl::Status(const BatchItem&)>& run) {
  if (settings.writes_own_state) return absl::OkStatus();
  for (const int bucket : settings.buckets) {
    const WarmInputs inputs(settings, bucket);
    for (int i = 0; i < settings.warm_runs; ++i) {
      if (absl::Status status = run(inputs.item()); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status WarmGraph(Graph& graph, const ModelSettings& settings) {
  absl::Status status = Warm(settings, [&](const BatchItem& item) { return WarmOnce(graph, item); });
  for (size_t i = 0; i < settings.buckets.size() && status.ok(); ++i) {
    status = Record(graph, settings, WarmInputs(settings, settings.buckets[i]).item());
  }
  return status;
}

absl::StatusOr<std::vector<int64_t>> TimeGraph(Graph& graph, const ModelSettings& settings, const Clock& clock) {
  std::vector<int64_t> medians;
  for (const int bucket : settings.buckets) {
    const WarmInputs inputs(settings, bucket);
    std::vector<int64_t> times;
    for (int run = 0; run < settings.warm_runs + kTimedRuns; ++run) {
      if (run == settings.warm_runs) {
        if (absl::Status status = Record(graph, settings, inputs.item()); !status.ok()) return status;
      }
      const int64_t start = clock.MonotonicNanos();
      if (absl::Status status = WarmOnce(graph, inputs.item()); !status.ok()) return status;
      if (run >= settings.warm_runs) times.push_back(clock.MonotonicNanos() - start);
    }
    std::nth_element(times.begin(), times.begin() + kTimedRuns / 2, times.end());
    medians.push_back(times[kTimedRuns / 2]);
  }
  return medians;
}

}  // namespace driftserve
