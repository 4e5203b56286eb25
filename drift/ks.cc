#include "drift/ks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drift/ks_distribution.h"

namespace drift {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

// The p-value of equal distributions is exact where a side has few rows, unless counting the paths took too many
// steps, and wherever it takes few.
constexpr double kExactBelow = 30, kExactWork = 2e7, kExactAnyway = 250'000;

// The ends of the true D inside cells that hold more than one value: within one, F and G only rise.
double UpperEnd(const FeatureLayout& layout, const CellEstimate& estimate, double value) {
  double below = 0, upper = value;  // below: G − F at the cell's lower end
  for (std::size_t b = 0; b < estimate.reference.size(); ++b) {
    const double p = estimate.reference[b], q = estimate.current[b];
    if (!layout.singleton(static_cast<std::uint32_t>(b)) && p > 0) upper = std::max({upper, below + p, q - below});
    below += p - q;
  }
  return std::min(1.0, upper);
}

double WeightedDistance(const CellEstimate& estimate) {
  double off = 0, largest = 0;
  for (std::size_t b = 0; b < estimate.reference.size(); ++b) {
    off += estimate.reference[b] - estimate.current[b];
    largest = std::max(largest, std::fabs(off));
  }
  return std::min(1.0, largest);
}

}  // namespace

ExactDistance MeasureExactly(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  ExactDistance distance;
  distance.m = std::accumulate(reference.begin(), reference.end(), std::uint64_t{0});
  distance.n = std::accumulate(current.begin(), current.end(), std::uint64_t{0});
  if (distance.m == 0 || distance.n == 0) return distance;
  UnsignedWide largest = 0;
  std::uint64_t c = 0, d = 0;
  for (std::size_t b = 0; b < reference.size(); ++b) {
    c += reference[b];
    d += current[b];
    const auto left = static_cast<Wide>(c) * distance.n, right = static_cast<Wide>(d) * distance.m;
    largest = std::max(largest, static_cast<UnsignedWide>(left > right ? left - right : right - left));
  }
  const std::uint64_t divisor = std::gcd(distance.m, distance.n);
  const UnsignedWide steps = largest / divisor;
  const UnsignedWide lcm = static_cast<UnsignedWide>(distance.m / divisor) * distance.n;
  distance.value = static_cast<double>(steps) / static_cast<double>(lcm);
  if (lcm <= ~std::uint64_t{0}) distance.steps = static_cast<std::uint64_t>(steps);
  return distance;
}

KsTest::KsTest(const FeatureLayout& layout, const CellEstimate& estimate) {
  Measure(layout, estimate);
  upper_ = layout.rank_cells() ? value_ : UpperEnd(layout, estimate, value_);
  const double plain = estimate.kish * estimate.effective_rows / (estimate.kish + estimate.effective_rows);
  const double variance = estimate.largest_variance;
  const double from_variance = variance > 0 ? 1 / (4 * variance) : plain;
  en_ = std::max(0.0, std::min(plain, from_variance) / std::max(1.0, estimate.design_effect));
}

void KsTest::Measure(const FeatureLayout& layout, const CellEstimate& estimate) {
  if (estimate.current_counts.empty()) {
    value_ = WeightedDistance(estimate);
    return;
  }
  const ExactDistance exact = MeasureExactly(estimate.reference_counts, estimate.current_counts);
  value_ = exact.value;
  const double n = static_cast<double>(exact.n), m = static_cast<double>(exact.m);
  const bool independent = estimate.design_effect <= 1 && estimate.effective_rows >= estimate.rows;
  const bool cheap = n * m <= kExactAnyway || (std::min(n, m) < kExactBelow && n * m <= kExactWork);
  if (layout.rank_cells() && independent && exact.steps && cheap) {
    exact_tail_ = KsExactTail(exact.n, exact.m, *exact.steps);
  }
}

double KsTest::PValue(double level) const {
  if (level > 0) return KsLevelTail(value_, level, en_);
  return exact_tail_ ? *exact_tail_ : KsAsymptoticTail(value_, en_);
}

double KsTest::Threshold(double level, double alpha) const {
  return level > 0 ? KsLevelThreshold(level, en_, alpha) : KsThreshold(en_, alpha);
}

}  // namespace drift
