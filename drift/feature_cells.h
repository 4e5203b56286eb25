#ifndef DRIFT_FEATURE_CELLS_H_
#define DRIFT_FEATURE_CELLS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "drift/unset_doubles.h"
#include "drift/view.h"

namespace drift {

// Reads the cells of one numeric feature, without MISSING, out of a view. Points into the view.
class FeatureCells {
 public:
  FeatureCells(const View& view, std::size_t feature)
      : view_(view), offset_(view.layout->cell_offset(feature)), cells_(view.layout->feature(feature).cells() - 1) {}

  std::size_t size() const { return cells_; }

  // Rows up to the upper ends of the cells, whatever group they are in. REQUIRES: all kept rows weigh the same.
  void CountBelow(UnsetDoubles& below) const;

  // f_g at the upper ends of the cells. `seen`: N_g.
  void ShareBelow(std::size_t group, double seen, UnsetDoubles& below) const;

  // Σ w² k of a group in every cell.
  std::vector<double> Squares(std::size_t group) const;

 private:
  bool AnyLoose() const;
  void AddCounts(const CellClass& from, double scale, std::span<double> sums) const;
  void AddLoose(std::span<const double> loose, std::span<double> sums) const;

  const View& view_;
  const std::size_t offset_, cells_;
};

}  // namespace drift

#endif  // DRIFT_FEATURE_CELLS_H_
