#ifndef DRIFT_PSI_H_
#define DRIFT_PSI_H_

#include <vector>

#include "drift/bin_estimate.h"
#include "drift/chi_squared.h"

namespace drift {

// The population stability index of a feature, Σ (q̃ − p̃) ln(q̃/p̃) over its bins, and its law (statistics.md §3).
// A value type; nothing in it is NaN or infinite.
class PsiTest {
 public:
  // `samples`: EffectiveSamples(estimate). REQUIRES: estimate.size() ≥ 2.
  PsiTest(const BinEstimate& estimate, double samples);
  explicit PsiTest(const BinEstimate& estimate);

  double value() const { return value_; }
  // Less what chance alone adds, tr(DΣ); may be negative.
  double bias_corrected() const { return value_ - trace_; }
  double effective_samples() const { return samples_; }  // n_d

  // p-value of "the true PSI is at most `level`", and the PSI from which on p ≤ alpha.
  double PValue(double level) const;
  double Threshold(double level, double alpha) const;

 private:
  ScaledChiSquared Law(double level) const;

  double samples_ = 0;
  double value_ = 0;
  double trace_ = 0;          // t1 = tr(DΣ)
  double square_trace_ = 0;   // t2 = tr((DΣ)²)
  double slope_ = 0;          // ρ
};

// n_d: the rows of a plain random sample that would tell as much about the bins: tr(D(diag q̂ − q̂q̂ᵀ))/tr(DΣ_q).
double EffectiveSamples(const BinEstimate& estimate);

}  // namespace drift

#endif  // DRIFT_PSI_H_
