#ifndef DRIFT_BIN_ESTIMATE_H_
#define DRIFT_BIN_ESTIMATE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/reference_sums.h"
#include "drift/view.h"

namespace drift {

// Shares of a feature's PSI bins in reference and traffic, and the covariance of the latter (statistics.md §3).
// Bins that are empty on both sides are left out; B is the number of those that remain.
struct BinEstimate {
  std::vector<std::uint32_t> bins;         // their indices in the layout
  std::vector<double> reference, current;  // p and q̂, B each; both sum to 1
  std::vector<double> smooth;              // p̃ = Smooth(p, m)
  std::vector<double> covariance;          // Σ_q, B × B
  bool measured = false;                   // from the differences of panes; else the model form
  double design_effect = 1;                // tr(DΣ) measured over model
  double rows = 0, effective_rows = 0;     // m and m_eff of the reference
  double kept = 0;                         // n
  double kish = 0;                         // (Σw)²/Σw²
  double reference_missing = 0, missing = 0;
  double missing_samples = 0;  // q(1−q)/Σ_q of the MISSING bin; 0 where that says nothing

  std::size_t size() const { return bins.size(); }
};

// REQUIRES: the view has kept rows and reference.rows > 0.
BinEstimate EstimateBins(const View& view, std::size_t feature, const ReferenceSums& reference);

// (p m + ½)/(m + B/2)
std::vector<double> Smooth(std::span<const double> shares, double rows);

}  // namespace drift

#endif  // DRIFT_BIN_ESTIMATE_H_
