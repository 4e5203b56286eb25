#include "drift/reference_sums.h"

#include <numeric>

namespace drift {
namespace {

std::vector<double> BinShares(const FeatureLayout& layout, const ReferenceCounts& reference) {
  std::vector<double> shares(layout.bins(), 0);
  auto cell = reference.cells.begin();
  for (std::uint32_t bin = 0; bin < layout.bins(); ++bin) {
    const auto end = reference.cells.begin() + layout.bin_end(bin);
    shares[bin] = static_cast<double>(std::accumulate(cell, end, std::uint64_t{0})) / reference.rows;
    cell = end;
  }
  return shares;
}

std::vector<double> SumsBelow(std::span<const std::uint64_t> cells) {
  std::vector<double> below;
  below.reserve(cells.size());
  std::uint64_t sum = 0;
  for (const std::uint64_t count : cells) below.push_back(static_cast<double>(sum += count));
  return below;
}

}  // namespace

ReferenceSums::ReferenceSums(const FeatureLayout& layout, const ReferenceCounts& reference)
    : rows(reference.rows),
      effective_rows(reference.effective_rows),
      present(reference.rows - static_cast<double>(reference.cells.back())) {
  if (rows > 0) shares = BinShares(layout, reference);
  if (layout.kind() == Kind::kNumeric) below = SumsBelow(reference.cells.first(reference.cells.size() - 1));
}

}  // namespace drift
