#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

/// One side of a comparison of files or topics.
struct DataSide {
  std::string source;            // files, or topic and partitions, as the user named them
  std::string hash;              // of the reference profile, or of the data; empty: not taken
  std::uint64_t rows = 0;
  std::int64_t first_ns = 0, last_ns = 0;  // Unix times of the rows; 0: they carry none
};

/// What was compared with what, for a report to keep.
struct Comparison {
  DataSide reference, current;
  std::string weights;           // how rows were weighed: "inclusion probability, column pi", "each row alike"
  std::string program;           // "drift 0.1.0"
  std::int64_t made_ns = 0;      // when the report was made
};

/// A category of the traffic that the reference does not know.
struct AppearedCategory {
  std::string value;             // raw bytes
  double share = 0;              // of the feature's rows, weighted
};

/// What a report of one model version is made of. Views: nothing is owned.
struct ReportInput {
  std::string model_name, model_version;
  const Reference* reference = nullptr;  // may be null: then its facts are left out
  const Evaluation* evaluation = nullptr;
  std::int64_t window_ns = 0;          // 0: not said
  std::int64_t evaluate_every_ns = 0;  // 0: not said
  ThresholdSettings thresholds;
  double dataset_drift_share = 0.5;    // share of drifted features that makes the model drifted
  std::vector<HistoryPoint> history;  // oldest first
  std::optional<Comparison> comparison;  // empty: the live page
  std::map<std::string, std::vector<AppearedCategory>> appeared;  // by feature; largest share first
};

/// A line in the list of watched models.
struct IndexEntry {
  std::string model_name, model_version;
  State state = State::kWarming;
};

}  // namespace drift
