#ifndef DRIFT_CELLS_H_
#define DRIFT_CELLS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "drift/reference.h"

namespace drift {

// A distinct value and how many rows hold it.
struct KeyCount {
  std::uint64_t key;
  std::uint64_t count;
};
struct TextCount {
  std::string text;    // as it will be shown and compared
  std::uint64_t hash;  // HashText() or HashKey()
  std::uint64_t count;
};

inline constexpr std::size_t kCategoricalLimit = 20;      // a number with at most so many values is categorical
inline constexpr std::size_t kKeptCategories = 50;
inline constexpr std::size_t kKnownCategories = 2048;     // hashes of values seen but not kept

// Fills upper_edges and cell_counts of a numeric feature from its distinct values in order of key. Rank cells: a
// cell for every value and every gap. Else about `cells` cells of equal mass, and a singleton for every value
// that alone holds 1/cells of the rows: without it D could be wrong by 0.5.
void MakeRankCells(const std::vector<KeyCount>& distinct, std::uint64_t missing, FeatureReference& feature);
void MakeQuantileCells(const std::vector<KeyCount>& distinct, std::uint64_t missing, int cells,
                       FeatureReference& feature);

// Fills categories, known_hashes and cell_counts of a categorical feature. Kept: a share of at least 0.5 % and 25
// rows, at most 50 categories. UNSEEN gets the Good–Turing mass: the rows whose value came exactly once.
void MakeCategories(std::vector<TextCount> distinct, std::uint64_t missing, FeatureReference& feature);

}  // namespace drift

#endif  // DRIFT_CELLS_H_
