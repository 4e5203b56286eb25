#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "drift/evaluation.h"
#include "drift/reference.h"
#include "drift/window.h"
#include "server/observe/label_table.h"
#include "server/sample/watched_model.h"

namespace driftserve {

/// Additive counts of one feature's bins in one stratum under one sampling rule since the server started.
struct BinCounts {
  std::string feature;
  std::string stratum;
  uint32_t rule = 0;
  std::vector<std::string> bins;     // labels, in the order of the reference
  std::vector<uint64_t> observations;
};

/// Rows of one stratum under one sampling rule since the start.
struct RowCounts {
  std::string stratum;
  uint32_t rule = 0;
  double seen = 0;  // answered; by a consumer of the topic, which cannot count them, estimated as the sum of 1/π
  uint64_t kept = 0;
  uint64_t dropped = 0;
};
/// What a model has counted so far. Thread-safe.
std::vector<RowCounts> RowsOf(const WatchedModel& model);

/// What the observer last knew of one watched model version. Immutable.
struct ModelSnapshot {
  std::string model_name, model_version;
  std::vector<std::string> strata;  // in the order of the sampling rule
  std::function<std::vector<RowCounts>()> rows;  // asked by every scrape, from any thread; may be empty
  std::shared_ptr<const drift::Reference> reference;  // with the label where it is watched
  drift::Evaluation evaluation;
  int64_t window_ns = 0;          // of the monitor's settings, for people to read
  int64_t evaluate_every_ns = 0;
  drift::ThresholdSettings thresholds;
  double dataset_drift_share = 0.5;  // share of drifted features that makes the model drifted
  std::vector<BinCounts> bins;
  uint64_t repeated_request_ids = 0;  // sampled requests whose id was seen shortly before
  drift::WindowCounters window;       // rows that the window refused, and its degradations
  uint64_t window_resets = 0;         // times the window was begun anew because the clock had been set back
  /// Asked by every scrape, from any thread; empty where no labels are declared.
  std::function<uint64_t(LabelOutcome)> reported_labels;
  LabelTable::Counts labels;          // sampled predictions, on their way into the table of those that wait
  size_t labels_waiting = 0;          // predictions in that table, labelled ones too
  /// PSI of each feature at the last 240 evaluations, oldest first, for the page.
  struct Point {
    int64_t time_ns;
    std::vector<double> psi;  // per feature; NaN: not ready
  };
  std::vector<Point> history;
};

/// Everything that scrapes and pages show of drift. Immutable; replaced as a whole after each evaluation.
struct ObserverSnapshot {
  int64_t time_ns = 0;
  std::vector<std::shared_ptr<const ModelSnapshot>> models;
  uint64_t unwatched_rows = 0;  // kept rows of models that were never watched: dropped
};

/// The newest snapshot. Thread-safe: readers never wait for an evaluation.
class SnapshotBoard {
 public:
  std::shared_ptr<const ObserverSnapshot> Read() const {
    std::lock_guard lock(mutex_);
    return snapshot_;
  }
  void Post(std::shared_ptr<const ObserverSnapshot> snapshot) {
    std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
  }

 private:
  mutable std::mutex mutex_;  // guards snapshot_; held for a pointer's copy only
  std::shared_ptr<const ObserverSnapshot> snapshot_ = std::make_shared<ObserverSnapshot>();
};

}  // namespace driftserve
