#ifndef DRIFT_EVALUATOR_H_
#define DRIFT_EVALUATOR_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "drift/error.h"
#include "drift/evaluation.h"
#include "drift/monitor.h"
#include "drift/window.h"

namespace drift {

// Whether the reference has the rows that the thresholds need (at ψ0 = 0.1 and ten bins: more than 169). An Error
// when a profile is loaded, since no amount of traffic would ever make such a feature ready.
std::optional<Error> CheckReferenceSize(const Reference& reference, const ThresholdSettings& thresholds);

// Judges windows of one model version and remembers what a judgement needs from the ones before: the last n
// evaluations of every measure and the states they led to (statistics.md §3, §4). Single-threaded. Lives as long
// as the model version is watched; a new one starts in `observing`.
class Evaluator {
 public:
  // `created_ns`: when watching began, the start of the observation period.
  Evaluator(std::shared_ptr<const Reference> reference, EvaluatorSettings settings, std::int64_t created_ns);
  ~Evaluator();
  Evaluator(const Evaluator&) = delete;
  Evaluator& operator=(const Evaluator&) = delete;

  // REQUIRES: the window was made for the same reference, and always with the same strata.
  Evaluation Evaluate(const Window& window, std::int64_t now_ns);

 private:
  class Memory;

  const std::shared_ptr<const Reference> reference_;
  const EvaluatorSettings settings_;
  const std::int64_t created_ns_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace drift

#endif  // DRIFT_EVALUATOR_H_
