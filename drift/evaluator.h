#ifndef DRIFT_EVALUATOR_H_
#define DRIFT_EVALUATOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drift/blocks.h"
#include "drift/error.h"
#include "drift/evaluation.h"
#include "drift/feature_evaluation.h"
#include "drift/monitor.h"
#include "drift/reference_sums.h"
#include "drift/sample_distance.h"
#include "drift/state_memory.h"
#include "drift/view.h"
#include "drift/window.h"

namespace drift {

// Whether the reference has the rows that the thresholds need (at ψ0 = 0.1 and ten bins: more than 169). An Error
// when a profile is loaded, since no amount of traffic would ever make such a feature ready.
std::optional<Error> CheckReferenceSize(const Reference& reference, const ThresholdSettings& thresholds);

// The same settings for a batch, which is judged once: at `alpha`, without observation period.
EvaluatorSettings BatchSettings(EvaluatorSettings settings);

// What is measured of a feature: its own choice, or that of all.
const std::vector<Measure>& MeasuresOf(const EvaluatorSettings& settings, const std::string& feature);

// Judges windows of one model version and remembers what a judgement needs from the ones before: the last n
// evaluations of every measure and the states they led to (statistics.md §3, §4). Single-threaded. Lives as long
// as the model version is watched; a new one starts in `observing`.
class Evaluator {
 public:
  // `created_ns`: when watching began, the start of the observation period.
  Evaluator(std::shared_ptr<const Reference> reference, EvaluatorSettings settings, std::int64_t created_ns);
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // REQUIRES: the window was made for the same reference, always with the same strata, and advanced to now_ns.
  // A view of nothing but the strata's own rows comes for every stratum when there is more than one.
  Evaluation Evaluate(const Window& window, std::int64_t now_ns);

  // A batch, judged once: `state_alpha` is the level, and one hit of one evaluation should do (BatchSettings()).
  // `exact`: of each feature, or none at all; the distances of the rows themselves, where they are known.
  Evaluation Evaluate(const Blocks& blocks, std::int64_t now_ns,
                      std::span<const std::optional<SampleDistance>> exact = {});

 private:
  StateMemory& MemoryOf(std::size_t strata);
  // Of every feature, from the stratum's own part of the reference; null: from the whole.
  const std::vector<ReferenceSums>& SumsFor(const Layout& layout, const StratumReference* own);
  // `own`: as in SumsFor().
  FeatureEvaluation EvaluateOne(const View& view, std::size_t feature, const StratumReference* own,
                                const SampleDistance* exact);
  // [view][feature]
  std::vector<std::vector<FeatureEvaluation>> EvaluateViews(const Window& window, std::vector<View>& views);
  // The population has index 0 and no stratum.
  ViewResult Decide(const View& view, std::size_t index, const std::string& stratum, const StateMemory::Moment& moment,
                    std::vector<FeatureEvaluation> features, Evaluation& evaluation);
  ViewResult EvaluateView(const View& view, std::size_t index, const std::string& stratum,
                          const StateMemory::Moment& moment, std::span<const std::optional<SampleDistance>> exact,
                          Evaluation& evaluation);

  const std::shared_ptr<const Reference> reference_;
  const EvaluatorSettings settings_;
  const std::int64_t created_ns_;
  std::map<const StratumReference*, std::vector<ReferenceSums>> sums_;  // by part of the reference; null: the whole
  std::unique_ptr<StateMemory> memory_;  // made at the first window, whose strata it needs
};

}  // namespace drift

#endif  // DRIFT_EVALUATOR_H_
