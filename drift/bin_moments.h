#ifndef DRIFT_BIN_MOMENTS_H_
#define DRIFT_BIN_MOMENTS_H_

#include <cstddef>
#include <vector>

namespace drift {

struct View;

// Weighted moments of the PSI bins of all features of a view, by bin_offset(feature) + bin. Made for all features at
// once: a pane's counts lie side by side, and one loop over all of them costs a fraction of one per feature.
struct BinMoments {
  std::size_t bins = 0;                 // of all features
  std::vector<double> shares, squares;  // [group][bin]: f_g = Σ w k/N_g and s_g = Σ w² k/N_g²
  std::vector<double> total;            // [bin]: q̂ = Σ_g W_g f_g
  std::vector<double> pulls;            // [slot][bin]: u_p, how far the pane pulls q̂; padded; empty under kMeasuredPanes

  const double* share(std::size_t group, std::size_t bin) const { return &shares[group * bins + bin]; }
  const double* square(std::size_t group, std::size_t bin) const { return &squares[group * bins + bin]; }
  const double* pull(std::size_t slot, std::size_t bin) const { return &pulls[slot * bins + bin]; }
};

// Panes with rows from which on covariances are measured.
inline constexpr std::size_t kMeasuredPanes = 20;

// Fills View::moments, View::kish and the weights of the groups from everything else in the view.
void FillMoments(View& view);

}  // namespace drift

#endif  // DRIFT_BIN_MOMENTS_H_
