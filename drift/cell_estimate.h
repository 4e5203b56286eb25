#ifndef DRIFT_CELL_ESTIMATE_H_
#define DRIFT_CELL_ESTIMATE_H_

#include <cstddef>
#include <optional>
#include <span>

#include "drift/bin_estimate.h"
#include "drift/reference_sums.h"
#include "drift/unset_doubles.h"
#include "drift/view.h"

namespace drift {

// The non-missing rows of a numeric feature over its cells.
struct CellEstimate {
  // Rows up to the upper ends of the cells, MISSING left out: of the reference, whose sums must outlive this, …
  std::span<const double> reference_below;
  // … and of the traffic: counts where every kept row weighs the same, so that D can be taken in integers; else shares.
  UnsetDoubles current_below;
  bool equal_weights = false;
  double rows = 0, effective_rows = 0;  // of the reference, not missing
  double current_rows = 0;              // what current_below ends with: kept, or 1
  double kept = 0;                      // rows of the traffic, not missing
  double kish = 0;                      // (Σw)²/Σw²
  double largest_variance = 0;          // max over cell ends of V(F̂ − Ĝ), model form; 0 where all weigh the same
  double design_effect = 1;             // δ ≥ 1: pane form over model form at the inner bin ends

  double G(std::size_t cell) const { return reference_below[cell] / rows; }
  double F(std::size_t cell) const { return current_below[cell] / current_rows; }
};

// nullopt where either side has no row that is not missing. `bins`: EstimateBins() of the same. REQUIRES: the feature is
// numeric.
std::optional<CellEstimate> EstimateCells(const View& view, std::size_t feature, const ReferenceSums& reference,
                                          const BinEstimate& bins);

}  // namespace drift

#endif  // DRIFT_CELL_ESTIMATE_H_
