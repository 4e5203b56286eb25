#ifndef DRIFT_FEATURE_EVALUATION_H_
#define DRIFT_FEATURE_EVALUATION_H_

#include <cstddef>
#include <optional>
#include <span>

#include "drift/bin_estimate.h"
#include "drift/evaluation.h"
#include "drift/ks.h"
#include "drift/monitor.h"
#include "drift/psi.h"
#include "drift/sample_distance.h"
#include "drift/view.h"

namespace drift {

// A feature's figures, and the tests behind them where it is ready.
struct FeatureEvaluation {
  FeatureResult result;  // states not decided yet
  std::optional<PsiTest> psi;
  std::optional<KsTest> ks;
};

// Everything about one feature in one view but its states. `exact`: the distances of the rows themselves, else null.
FeatureEvaluation EvaluateFeature(const View& view, std::size_t feature, const ReferenceSums& reference,
                                  const ThresholdSettings& thresholds, std::span<const Measure> measures,
                                  const SampleDistance* exact = nullptr);

// Two-proportion p-value of equal missing shares, given the (effective) rows of both sides; two-sided.
double MissingPValue(double reference_share, double reference_rows, double share, double rows);

// The same for a view's estimate: the traffic's rows by the variance of its own missing share, or `samples` (n_d)
// where no row was missing.
double MissingPValue(const BinEstimate& estimate, double samples);

}  // namespace drift

#endif  // DRIFT_FEATURE_EVALUATION_H_
