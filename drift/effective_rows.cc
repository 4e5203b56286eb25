#include "drift/effective_rows.h"

#include <algorithm>
#include <vector>

namespace drift {

double EffectiveRows(std::span<const std::uint32_t> bin_of_row, std::uint32_t bins) {
  constexpr std::size_t kBlocks = 60;
  const std::size_t rows = bin_of_row.size();
  if (rows < 10 * kBlocks) return 0;
  std::vector<double> share(bins, 0), block(bins, 0), previous(bins, 0);
  for (const std::uint32_t bin : bin_of_row) share[bin] += 1.0 / static_cast<double>(rows);
  const auto used = std::count_if(share.begin(), share.end(), [](double p) { return p > 0; });
  if (used < 2) return 0;
  double trace = 0;
  for (std::size_t p = 0; p < kBlocks; ++p) {
    const std::size_t begin = rows * p / kBlocks, end = rows * (p + 1) / kBlocks;
    for (std::uint32_t b = 0; b < bins; ++b) block[b] = -static_cast<double>(end - begin) * share[b];
    for (std::size_t row = begin; row < end; ++row) block[bin_of_row[row]] += 1;
    for (std::uint32_t b = 0; b < bins && p > 0; ++b) {
      const double step = (block[b] - previous[b]) / static_cast<double>(rows);
      if (share[b] > 0) trace += step * step / share[b];
    }
    previous = block;
  }
  trace *= kBlocks / (2.0 * (kBlocks - 1));
  const auto limit = static_cast<double>(rows);
  return trace > 0 ? std::min(limit, static_cast<double>(used - 1) / trace) : limit;
}

}  // namespace drift
