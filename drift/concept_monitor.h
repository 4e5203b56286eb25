#ifndef DRIFT_CONCEPT_MONITOR_H_
#define DRIFT_CONCEPT_MONITOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drift/detector.h"
#include "drift/error_measure.h"
#include "drift/evaluation.h"

namespace drift {

struct ConceptSettings {
  ErrorMeasure error = ErrorMeasure::kLogLoss;
  // Absolute and squared errors are divided by this before the detectors see them, which expect 0 to 1 (what is larger
  // counts as 1): the range of the labels, or its square. Errors that are shown are in their own unit.
  double scale = 1;
  std::vector<DetectorKind> detectors = {DetectorKind::kAdwin, DetectorKind::kDdm, DetectorKind::kPageHinkley};
  double min_join_rate = 0.5;         // 0 to 1; below it there is no verdict
  std::int64_t window_ns = 0;         // of the drift window
  std::int64_t time_limit_ns = 0;     // how long a prediction waits for its label
  std::int64_t observation_ns = 0;    // since created_ns: values yes, alerts no
  std::int64_t created_ns = 0;
};

// Judges the predictions of one model version by the labels that come later (statistics.md §5): a stream of errors, in
// order of their labels' arrival, weighted by how likely their rows were to be sampled, goes through the detectors.
// Single-threaded; all times are Unix nanoseconds and given by the caller. Bounded memory.
//
// States. A detector is `drifted` from an alarm on that the error rose, `warning` from one that it fell, for as long as
// its span — the window plus the time limit, within which every label of a window has come — unless another alarm comes;
// and `warning` while DDM warns. Concept drift is `drifted` where more than half of the detectors are, else `warning`
// where one has alarmed within the span: DDM and Page–Hinkley have no stated rate of false alarms and do alarm on steady
// streams (README.md); ADWIN's δ bounds its own. It is `warming`, with a reason, below kLeastLabels and below
// min_join_rate, and `stale` without a label for a span.
class ConceptMonitor {
 public:
  static constexpr double kLeastLabels = 30;     // in rows of the most thinly sampled kind
  static constexpr std::size_t kPanes = 240;     // of the timeline
  static constexpr std::int64_t kPanesPerSpan = 40;
  static constexpr std::size_t kLags = 1024;     // the newest, for the quantiles

  explicit ConceptMonitor(ConceptSettings settings);

  // A sampled prediction that waits for its label from now on.
  void CountPrediction(std::int64_t time_ns);

  // The label of a prediction came: `error` as MeasureError gave it, `probability` that its row was sampled.
  // REQUIRES: error finite and ≥ 0, 0 < probability ≤ 1.
  struct Joined {
    std::int64_t predicted_ns = 0, arrived_ns = 0, lag_ns = 0;
    double error = 0, probability = 1;
  };
  void AddLabel(const Joined& label);

  // Appends what changed since the last call.
  ConceptResult Evaluate(std::int64_t now_ns, std::vector<StateChange>& changes);

  std::int64_t span_ns() const { return settings_.window_ns + settings_.time_limit_ns; }

 private:
  struct Watched {
    DetectorKind kind;
    std::unique_ptr<Detector> detector;
    LevelChange last = LevelChange::kNone;   // of the newest error
    LevelChange alarm = LevelChange::kNone;  // the newest alarm
    std::int64_t alarmed_ns = 0;             // when its label arrived
    std::optional<Detector::Statistic> alarm_statistic;
    DetectorResult result;                   // as it was last shown
  };
  struct Pane {
    std::int64_t slot = 0;
    double predictions = 0, labels = 0;
    double weight = 0, weighted_error = 0;
    // Σ w², Σ w² e and Σ w² e², of which the mean error's standard error is made.
    double squares = 0, squares_error = 0, squares_squared_error = 0;
  };

  void BeginAnew();
  void Feed(Watched& watched, const Joined& label, double weight);
  Pane* PaneOf(std::int64_t time_ns);
  bool Alarmed(const Watched& watched, std::int64_t now_ns) const;
  State StateOf(const Watched& watched, std::int64_t now_ns) const;
  State Judge(std::int64_t now_ns) const;
  std::string WhyWarming(const ConceptResult& result) const;
  std::optional<double> JoinRate(std::int64_t now_ns) const;
  void Summarise(std::int64_t now_ns, ConceptResult& result) const;

  const ConceptSettings settings_;
  const std::int64_t pane_ns_;
  std::vector<Watched> detectors_;
  std::deque<Pane> panes_;  // by slot
  std::vector<std::int64_t> lags_;
  double least_probability_ = 2;  // of the labels so far; above 1: none came
  double observations_ = 0;       // Σ weights
  std::uint64_t labels_ = 0;
  std::int64_t last_label_ns_ = 0;
  State state_ = State::kWarming;  // as it was last shown
};

}  // namespace drift

#endif  // DRIFT_CONCEPT_MONITOR_H_
