#include "drift/feature_cells.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "drift/vectorised.h"

namespace drift {
namespace {

// The running sums of `counts`, scaled. Four at a time: a vector's own sums are made while the one before is added up.
DRIFT_VECTORISED void SumUp(const std::uint64_t* counts, double scale, std::span<double> below) {
  const FourIntegers none = {};
  FourIntegers before = {};
  double* const into = below.data();
  std::size_t b = 0;
  for (; b + kFour <= below.size(); b += kFour) {
    FourIntegers sums = LoadedIntegers(counts + b);
    sums += __builtin_shuffle(none, sums, FourIntegers{0, 4, 5, 6});
    sums += __builtin_shuffle(none, sums, FourIntegers{0, 1, 4, 5});
    Four rows;
    ToDoubles(before + sums, rows);
    Store(rows * scale, into + b);
    before += __builtin_shuffle(sums, FourIntegers{3, 3, 3, 3});
  }
  for (std::int64_t sum = before[0]; b < below.size(); ++b) {
    sum += static_cast<std::int64_t>(counts[b]);
    into[b] = static_cast<double>(sum) * scale;
  }
}

}  // namespace

void FeatureCells::CountBelow(UnsetDoubles& below) const {
  if (view_.classes.size() == 1 && !AnyLoose()) {
    below.resize(cells_);
    return SumUp(&view_.classes[0].counts[offset_], 1, below);
  }
  below.assign(cells_, 0);
  double weight = 0;
  for (const Term& term : view_.terms) weight = std::max(weight, term.weight);
  for (const LooseCells& loose : view_.loose) AddLoose(loose.weighted, below);
  for (double& rows : below) rows = std::nearbyint(rows / weight);
  for (const CellClass& from : view_.classes) AddCounts(from, 1, below);
  std::partial_sum(below.begin(), below.end(), below.begin());
}

void FeatureCells::ShareBelow(std::size_t group, double seen, UnsetDoubles& below) const {
  const auto of_group = [group](const CellClass& cells) { return cells.group == group; };
  const auto only = std::find_if(view_.classes.begin(), view_.classes.end(), of_group);
  const bool one = only != view_.classes.end() && std::none_of(only + 1, view_.classes.end(), of_group);
  if (one && view_.loose[group].weighted.empty()) {
    below.resize(cells_);
    return SumUp(&only->counts[offset_], only->weight / seen, below);
  }
  below.assign(cells_, 0);
  for (const CellClass& from : view_.classes) {
    if (from.group == group) AddCounts(from, from.weight, below);
  }
  AddLoose(view_.loose[group].weighted, below);
  std::partial_sum(below.begin(), below.end(), below.begin());
  for (double& share : below) share /= seen;
}

std::vector<double> FeatureCells::Squares(std::size_t group) const {
  std::vector<double> squares(cells_);
  for (const CellClass& from : view_.classes) {
    if (from.group == group) AddCounts(from, from.weight * from.weight, squares);
  }
  AddLoose(view_.loose[group].squared, squares);
  return squares;
}

bool FeatureCells::AnyLoose() const {
  return std::any_of(view_.loose.begin(), view_.loose.end(),
                     [](const LooseCells& group) { return !group.weighted.empty(); });
}

void FeatureCells::AddCounts(const CellClass& from, double scale, std::span<double> sums) const {
  const std::uint64_t* const counts = &from.counts[offset_];
  for (std::size_t b = 0; b < cells_; ++b) {
    sums[b] += scale * static_cast<double>(static_cast<std::int64_t>(counts[b]));
  }
}

void FeatureCells::AddLoose(std::span<const double> loose, std::span<double> sums) const {
  for (std::size_t b = 0; b < cells_ && !loose.empty(); ++b) sums[b] += loose[offset_ + b];
}

}  // namespace drift
