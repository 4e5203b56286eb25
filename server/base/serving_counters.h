#pragma once

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

/// What one thread counted of one model version. Written by that thread, read by scrapes.
struct alignas(64) ServingSlot {
  std::array<std::array<SingleWriterCounter, kCodeCount>, kMethodCount> requests;
  DurationHistogram request_duration;  // accepted to replied
  DurationHistogram queue_duration;    // accepted to the start of the batch
  DurationHistogram execute_duration;  // the batch, once per batch
  RowsHistogram batch_rows;
};

/// The slots of one model version, one per serving thread. The vector never changes after construction.
class ServingCounters {
 public:
  explicit ServingCounters(size_t threads) : slots_(threads) {}

  ServingSlot& slot(size_t thread) { return slots_[thread]; }
  const std::vector<ServingSlot>& slots() const { return slots_; }

 private:
  std::vector<ServingSlot> slots_;
};

}  // namespace driftserve
