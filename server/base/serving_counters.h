#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/base/counter.h"
#include "server/base/histogram.h"

namespace driftserve {

/// The calls that are counted per method.
enum class Method : uint8_t { kModelInfer, kModelStreamInfer, kPredict, kReportLabels };
inline constexpr size_t kMethodCount = 4;
inline constexpr std::array<const char*, kMethodCount> kMethodNames = {"ModelInfer", "ModelStreamInfer", "Predict",
                                                                       "ReportLabels"};
/// gRPC's status codes, OK to UNAUTHENTICATED.
inline constexpr size_t kCodeCount = 17;

/// Why a request that was right did not run.
enum class Refusal : uint8_t { kServerFull, kModelShare, kQueueFull, kHopeless, kExpired, kCancelled };
inline constexpr size_t kRefusalCount = 6;
inline constexpr std::array<const char*, kRefusalCount> kRefusalNames = {"server_full", "model_share", "queue_full",
                                                                         "hopeless",    "expired",     "cancelled"};

/// Batches of one size that ran and succeeded. Nanoseconds are of the batch, once each.
struct BatchStatistics {
  SingleWriterCounter count;
  SingleWriterCounter infer_ns;   // gathering and the model
  SingleWriterCounter output_ns;  // encoding and sending every reply
};

/// What an instance on a device has counted of itself; server/execute/async_graph.h says what each is.
struct DeviceCounters {
  SingleWriterCounter pinned_bytes;
  SingleWriterCounter slabs;
  SingleWriterCounter eager_batches;
  SingleWriterCounter replayed_batches;
  SingleWriterCounter failed_recordings;
};

/// What one thread counted of one model version. Written by that thread, read by scrapes.
struct alignas(64) ServingSlot {
  std::array<std::array<SingleWriterCounter, kCodeCount>, kMethodCount> requests;
  std::array<SingleWriterCounter, kRefusalCount> refused;
  SingleWriterCounter delayed;         // requests that passed their timeout and run after the others of their level
  // Of the thread itself alone: when its last batch began, monotonic; and rows that wait on this very thread.
  int64_t last_start_ns = 0;
  int64_t waiting_rows = 0;
  DurationHistogram request_duration;  // accepted to replied
  DurationHistogram queue_duration;    // accepted to the start of the batch
  DurationHistogram execute_duration;  // the batch, once per batch
  RowsHistogram batch_rows;

  SingleWriterCounter halved_batches;    // run again in two halves, because memory ran out
  SingleWriterCounter device_faults;     // runs that found their device failed for good
  DeviceCounters device;

  SingleWriterCounter running_since_ns;  // monotonic, of the run that is going; 0: none
  SingleWriterCounter hung_runs;         // runs over the watchdog's limit; written by the watchdog

  // For ModelStatistics: sums over requests, each of which experienced the whole of its batch.
  SingleWriterCounter queue_ns;
  SingleWriterCounter infer_ns;
  SingleWriterCounter output_ns;
  SingleWriterCounter failed_ns;  // durations of the requests that failed; within request_duration's sum
  SingleWriterCounter last_end_ns;  // monotonic, of the last batch that succeeded; 0: none
  std::vector<BatchStatistics> batches;  // by rows less one; the last for more rows too

  BatchStatistics& batch(int64_t rows) {
    const auto index = static_cast<size_t>(rows - 1);
    return batches[index < batches.size() ? index : batches.size() - 1];
  }
};

/// The slots of one model version, one per serving thread. The vectors never change after construction.
class ServingCounters {
 public:
  // Sizes of batch that are told apart: what a slot holds is bounded.
  static constexpr size_t kMostBatchSizes = 1024;

  explicit ServingCounters(size_t threads, size_t max_batch_rows = 1) : slots_(threads) {
    for (ServingSlot& slot : slots_) {
      slot.batches = std::vector<BatchStatistics>(std::clamp(max_batch_rows, size_t{1}, kMostBatchSizes));
    }
  }

  ServingSlot& slot(size_t thread) { return slots_[thread]; }
  const std::vector<ServingSlot>& slots() const { return slots_; }

 private:
  std::vector<ServingSlot> slots_;
};

}  // namespace driftserve
