#ifndef DRIFT_STATE_MEMORY_H_
#define DRIFT_STATE_MEMORY_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "drift/debounce.h"
#include "drift/evaluation.h"
#include "drift/feature_evaluation.h"
#include "drift/monitor.h"

namespace drift {

// What an evaluation is decided against: the state of every measure of every feature in every view, and the
// evaluations that led to it (statistics.md §4). Single-threaded.
class StateMemory {
 public:
  // What of this evaluation does not depend on a feature.
  struct Moment {
    double alpha = 0;        // α_eval
    bool observing = false;  // states are shown as observing; the histories go on
    bool stale = false;
  };

  StateMemory(std::size_t views, std::size_t features, const EvaluatorSettings& settings);

  // Decides the states of one view's features and appends what changed. `view` 0 is the population.
  void Decide(std::size_t view, const Moment& moment, std::span<FeatureEvaluation> features, std::string_view stratum,
              std::vector<StateChange>& changes);

  // The model's own state, from the population's features.
  State DecideModel(const ViewResult& population, const Moment& moment, double& drifted_share,
                    std::vector<StateChange>& changes);

 private:
  struct MeasureMemory {
    Debounce warn, alert;
    State state = State::kWarming;  // as it was last shown

    State Decided() const {
      return alert.active() ? State::kDrifted : warn.active() ? State::kWarning : State::kStable;
    }
  };

  void UpdateLevel(std::size_t view, bool alert, Measure measure, const Moment& moment,
                   std::span<FeatureEvaluation> features);
  MeasureMemory& At(std::size_t view, std::size_t feature, Measure measure) {
    return measures_[(view * features_ + feature) * 2 + (measure == Measure::kKs ? 1 : 0)];
  }

  const std::size_t features_;
  const EvaluatorSettings settings_;
  std::vector<MeasureMemory> measures_;
  State model_ = State::kWarming;
};

}  // namespace drift

#endif  // DRIFT_STATE_MEMORY_H_
