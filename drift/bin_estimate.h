#ifndef DRIFT_BIN_ESTIMATE_H_
#define DRIFT_BIN_ESTIMATE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/view.h"

namespace drift {

// Counts of a feature's cells in the reference that a view is compared with.
struct ReferenceCounts {
  std::span<const std::uint64_t> cells;  // MISSING last
  double rows = 0;                       // m
  double effective_rows = 0;             // m_eff, or m
};

// Shares of a feature's PSI bins in reference and traffic, and the covariance of the latter (statistics.md §3).
// Bins that are empty on both sides are left out; B is the number of those that remain.
struct BinEstimate {
  std::vector<std::uint32_t> bins;         // their indices in the layout
  std::vector<double> reference, current;  // p and q̂, B each; both sum to 1
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

// Shares of the reference's rows in the PSI bins of a feature.
std::vector<double> ReferenceShares(const FeatureLayout& layout, const ReferenceCounts& reference);

// REQUIRES: the view has kept rows and reference.rows > 0.
BinEstimate EstimateBins(const View& view, std::size_t feature, const ReferenceCounts& reference);
// The same, given ReferenceShares().
BinEstimate EstimateBins(const View& view, std::size_t feature, const ReferenceCounts& reference,
                         std::span<const double> reference_shares);

// (p m + ½)/(m + B/2)
std::vector<double> Smooth(std::span<const double> shares, double rows);

}  // namespace drift

#endif  // DRIFT_BIN_ESTIMATE_H_
