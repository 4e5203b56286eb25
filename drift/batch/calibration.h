#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/history.h"
#include "drift/monitor.h"

namespace drift {

/// The tolerance of one measure, for a stated rate of false alarms.
struct CalibratedMeasure {
  Measure measure = Measure::kPsi;
  double warn = 0, alert = 0;
  std::string method;       // a sentence: how many chunks, which quantile
  bool extrapolated = false;  // there are fewer chunks than the rate needs: the tail is a fitted one
  bool at_resolution = false;  // raised to the least that chunks of this size can tell apart
  size_t chunks = 0;          // with a feature that was ready
  double before = 0;          // share of them that alarms with the tolerance of before
  double after = 0;           // and with this one
};

struct CalibrationSettings {
  double false_alarm_rate = 0.01;  // of chunks in which any feature reaches `warning`; above 0, below 0.5
  ThresholdSettings thresholds;    // alpha, multiplicity; alert stays the same multiple of warn
};

inline constexpr size_t kLeastChunks = 8;

/// Tolerances for PSI and KS from chunks of rows without drift (statistics.md §6). Every chunk is compared with all
/// other ones together; its least tolerance is the one from which on no feature's adjusted p-value is at most alpha.
/// The tolerance is the k-th smallest of these n, k = ⌈(n + 1)(1 − rate)⌉: the next such chunk is above it with a
/// probability of at most the rate, whatever the distribution (the argument of conformal prediction). Where k > n, a
/// Gumbel law is fitted by its moments, and the largest is the least that comes out.
///
/// FAILED_PRECONDITION: fewer than kLeastChunks chunks with enough rows. REQUIRES: every row has π = 1.
absl::StatusOr<std::vector<CalibratedMeasure>> Calibrate(const History& history, const CalibrationSettings& settings);

/// The quantile as above, of at least two values; `extrapolated` says whether it is of the fitted law.
double ToleranceQuantile(std::vector<double> values, double rate, bool& extrapolated);

}  // namespace drift
