#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drift/evaluation.h"
#include "drift/monitor.h"
#include "drift/reference.h"

namespace drift {

/// An earlier evaluation, for the course of PSI.
struct HistoryPoint {
  std::int64_t time_ns = 0;
  std::vector<double> psi;  // per feature in the reference's order; NaN: not ready then
};

/// What a report of one model version is made of. Views: nothing is owned.
struct ReportInput {
  std::string model_name, model_version;
  const Reference* reference = nullptr;  // may be null: then its facts are left out
  const Evaluation* evaluation = nullptr;
  std::int64_t window_ns = 0;          // 0: not said
  std::int64_t evaluate_every_ns = 0;  // 0: not said
  ThresholdSettings thresholds;
  std::vector<HistoryPoint> history;  // oldest first
};

/// A line in the list of watched models.
struct IndexEntry {
  std::string model_name, model_version;
  State state = State::kWarming;
};

}  // namespace drift
