#ifndef DRIFT_KS_H_
#define DRIFT_KS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drift/cell_estimate.h"
#include "drift/ks_ties.h"
#include "drift/layout.h"

namespace drift {

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
// Between two samples' rows up to the ends of the same cells: whole numbers, the last ones all rows.
ExactDistance MeasureExactly(std::span<const double> reference_below, std::span<const double> current_below);

}  // namespace drift

#endif  // DRIFT_KS_H_
