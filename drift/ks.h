#ifndef DRIFT_KS_H_
#define DRIFT_KS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drift/bin_estimate.h"
#include "drift/ks_ties.h"
#include "drift/view.h"

namespace drift {

// The non-missing rows of a numeric feature over its cells.
struct CellEstimate {
  std::vector<double> reference, current;  // p and q per cell, MISSING left out; both sum to 1
  std::vector<double> reference_below, current_below;  // G and F at the upper ends of the cells
  // Counts of both sides where every kept row weighs the same: D is then taken in integers.
  std::span<const std::uint64_t> reference_counts;  // of the reference, which must outlive this
  std::span<const std::uint64_t> current_counts;    // of the view, or of summed_counts
  std::shared_ptr<const std::vector<std::uint64_t>> summed_counts;
  double rows = 0, effective_rows = 0;  // of the reference, not missing
  double kept = 0;                      // rows of the traffic, not missing
  double kish = 0;                      // (Σw)²/Σw²
  double largest_variance = 0;          // max over cell ends of V(F̂ − Ĝ), model form
  double design_effect = 1;             // δ ≥ 1: pane form over model form at the inner bin ends
};

// nullopt where either side has no row that is not missing. REQUIRES: the feature is numeric.
std::optional<CellEstimate> EstimateCells(const View& view, std::size_t feature, const ReferenceCounts& reference);

// The largest |F − G| of two samples' counts over the same cells, in units of 1/lcm(n, m), as SciPy rounds it.
struct ExactDistance {
  std::uint64_t n = 0, m = 0;
  double value = 0;
  std::optional<std::uint64_t> steps;  // of 1/lcm; empty where they do not fit 64 bits
};

// The Kolmogorov–Smirnov distance between reference and traffic, and its law (statistics.md §3). Value type.
class KsTest {
 public:
  // `exact`: the distance of the rows themselves, where they are at hand and all weigh the same; else null, and it is
  // taken between the cells.
  KsTest(const FeatureLayout& layout, const CellEstimate& estimate, const ExactDistance* exact = nullptr);

  double value() const { return value_; }        // D over the cell ends
  double upper() const { return upper_; }        // the true D is in [value, upper]
  double effective_number() const { return en_; }

  // p-value of "the true D is at most `level`"; for level 0 exact where a side has under 30
  // equally weighted rows, or both few, and else by a law that knows of ties (KsTiedTail).
  double PValue(double level) const;
  double Threshold(double level, double alpha) const;

 private:
  void Measure(const CellEstimate& estimate, bool is_exact, const ExactDistance* exact);
  double TailOfNone(double d) const;  // level 0

  double value_ = 0, upper_ = 0, en_ = 0;
  std::optional<double> exact_tail_;
  std::vector<KsStep> steps_;  // empty where no value has many rows
  double half_row_ = 0;        // then: half of what D moves by when a row changes sides
};

// `steps`: the largest |a n − b m|, a and b the rows of the m and of the n up to the end of a cell.
__extension__ ExactDistance DistanceOfSteps(std::uint64_t m, std::uint64_t n, unsigned __int128 steps);
ExactDistance MeasureExactly(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current);
// The same, given the sums of both.
ExactDistance MeasureExactly(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
                             std::uint64_t m, std::uint64_t n);

}  // namespace drift

#endif  // DRIFT_KS_H_
