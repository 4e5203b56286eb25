#ifndef DRIFT_BIN_MOMENTS_H_
#define DRIFT_BIN_MOMENTS_H_

#include <cstddef>
#include <vector>

namespace drift {

struct View;

// Weighted moments of the PSI bins of some features of a view, side by side: a pane's counts lie so, and one loop over
// several features costs a fraction of one per feature. A bin is named by bin_offset(feature) + bin.
struct BinMoments {
  std::size_t first = 0, bins = 0;      // the first bin, and how many there are
  std::vector<double> shares, squares;  // [group][bin]: f_g = Σ w k/N_g and s_g = Σ w² k/N_g²
  std::vector<double> totals;           // [bin]: q̂ = Σ_g W_g f_g
  std::vector<double> pulls;            // [slot][bin]: u_p, how far the pane pulls q̂; empty under kMeasuredPanes

  const double* share(std::size_t group, std::size_t bin) const { return &shares[group * bins + bin - first]; }
  const double* square(std::size_t group, std::size_t bin) const { return &squares[group * bins + bin - first]; }
  const double* total(std::size_t bin) const { return &totals[bin - first]; }
  // Three more numbers than the last bin's can be read.
  const double* pull(std::size_t slot, std::size_t bin) const { return &pulls[slot * bins + bin - first]; }
};

// Panes with rows from which on covariances are measured.
inline constexpr std::size_t kMeasuredPanes = 20;

// Fills View::kish and the weights of the groups from the groups' rows and the terms.
void SumWeights(View& view);

// Fills View::moments of the features from `begin` to `end` from everything else in the view. What it held before of
// others is gone.
void FillMoments(View& view, std::size_t begin, std::size_t end);

}  // namespace drift

#endif  // DRIFT_BIN_MOMENTS_H_
