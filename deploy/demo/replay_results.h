#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "deploy/demo/flight_rows.h"

namespace driftserve {

/// Area under the ROC curve of `score` for `label` (1 or 0; a NaN label is left out), ties counted half; NaN where one
/// of the two classes is missing. Mann-Whitney's statistic over the number of pairs.
double AreaUnderCurve(const std::vector<double>& label, const std::vector<double>& score);

/// What a replay saw: answers, errors and latencies by month. One thread.
class ReplayResults {
 public:
  void Answered(const FlightRow& row, double p_late, int64_t latency_ns);
  void Failed(const FlightRow& row, const std::string& error);
  void MonthEnded(int month, int64_t unix_ns) { months_[month].ended_unix_ns = unix_ns; }
  /// Started as late as that behind the schedule.
  void Lagged(int64_t ns) { largest_lag_ns_ = std::max(largest_lag_ns_, ns); }

  /// Labels sent, those of them that the server took, and a request of labels that it did not.
  void Reported(int64_t labels) { labels_reported_ += labels; }
  void Accepted(int64_t labels) { labels_accepted_ += labels; }
  void ReportFailed(const std::string& error) { ++errors_[error]; }

  uint64_t answered() const { return answered_; }
  uint64_t failed() const { return failed_; }

  /// {"rows", "answered", "failed", "errors": {text: count}, "seconds", "latency_us": {"p50", "p99", "max"},
  ///  "largest_lag_ms", "months": [{"month", "rows", "answered", "ended_at" (Unix seconds), "auc", "late_share",
  ///  "rows_by_carrier": {carrier: count}, "labelled_by_carrier": {carrier: count}, "latency_us"}],
  ///  "labels": {"reported", "accepted"}}
  absl::Status WriteJson(const std::string& path, double seconds) const;

 private:
  struct Month {
    std::vector<double> label, score;
    std::vector<int64_t> latency_ns;
    std::map<std::string, uint64_t> rows_by_carrier;  // answered or not
    std::map<std::string, uint64_t> labelled_by_carrier;
    uint64_t failed = 0;
    int64_t ended_unix_ns = 0;
  };

  std::map<int, Month> months_;
  std::map<std::string, uint64_t> errors_;
  uint64_t answered_ = 0;
  uint64_t failed_ = 0;
  int64_t largest_lag_ns_ = 0;
  int64_t labels_reported_ = 0, labels_accepted_ = 0;
};

}  // namespace driftserve
