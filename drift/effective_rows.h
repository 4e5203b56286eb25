#ifndef DRIFT_EFFECTIVE_ROWS_H_
#define DRIFT_EFFECTIVE_ROWS_H_

#include <cstdint>
#include <span>

namespace drift {

// How many independent rows the rows of a file in time order are worth, from the differences of neighbouring
// blocks (statistics.md §3, measured covariance, over 60 blocks): (B−1)/tr(DΣ) over the PSI bins, at most the
// rows. `bin_of_row` in time order; `bins` is one more than the largest. 0 where there are too few rows to tell
// (under 600) or one bin only.
double EffectiveRows(std::span<const std::uint32_t> bin_of_row, std::uint32_t bins);

}  // namespace drift

#endif  // DRIFT_EFFECTIVE_ROWS_H_
