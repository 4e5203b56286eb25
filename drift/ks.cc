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
constexpr double kNothing = 1e-9;  // a share of the rows that is rounding
constexpr double kExactBelow = 30, kExactWork = 2e7, kExactAnyway = 250'000;

// The ends of the true D inside cells that hold more than one value: within one, F and G only rise.
double UpperEnd(const FeatureLayout& layout, const CellEstimate& estimate, double value) {
  const double *const reference = estimate.reference.data(), *const current = estimate.current.data();
  const double *const g = estimate.reference_below.data(), *const f = estimate.current_below.data();
  double off = 0, upper = value;  // off: G − F at the cell's lower end
  for (std::size_t b = 0; b < estimate.reference.size(); ++b) {
    const double p = reference[b], within = std::max(off + p, current[b] - off);
    if (within > upper && p > 0 && !layout.singleton(static_cast<std::uint32_t>(b))) upper = within;
    off = g[b] - f[b];
  }
  return std::min(1.0, upper);
}

// max |c n − d m| over the cell ends, c and d the counts up to there.
template <typename Integer>
Integer Largest(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
                const ExactDistance& rows) {
  const auto n = static_cast<Integer>(rows.n), m = static_cast<Integer>(rows.m);
  Integer off = 0, most = 0, least = 0;
  const std::uint64_t *const counts = reference.data(), *const others = current.data();
  for (std::size_t b = 0; b < reference.size(); ++b) {
    off += static_cast<Integer>(counts[b]) * n - static_cast<Integer>(others[b]) * m;
    most = std::max(most, off);
    least = std::min(least, off);
  }
  return std::max(most, static_cast<Integer>(-least));
}

// Of both sides' rows together: values with many rows, and what lies between them. Empty without such a value.
std::vector<KsStep> StepsOf(const FeatureLayout& layout, const CellEstimate& estimate) {
  const double total = estimate.effective_rows + estimate.kish;
  const auto pooled = [&](double reference, double current) {
    return (reference * estimate.effective_rows + current * estimate.kish) / total;
  };
  std::vector<KsStep> steps;
  double below = 0;  // up to the last step's end
  for (const std::uint32_t cell : layout.singletons()) {
    const double mass = pooled(estimate.reference[cell], estimate.current[cell]);
    if (mass < kTiedMass) continue;
    const double end = pooled(estimate.reference_below[cell], estimate.current_below[cell]);
    if (end - mass > below + kNothing) steps.push_back({end - mass - below, false});
    steps.push_back({mass, true});
    below = end;
  }
  if (!steps.empty() && below < 1 - kNothing) steps.push_back({1 - below, false});
  return steps;
}

double WeightedDistance(const CellEstimate& estimate) {
  const double *const g = estimate.reference_below.data(), *const f = estimate.current_below.data();
  double largest = 0;
  for (std::size_t b = 0; b < estimate.reference.size(); ++b) largest = std::max(largest, std::fabs(g[b] - f[b]));
  return std::min(1.0, largest);
}

}  // namespace

ExactDistance DistanceOfSteps(std::uint64_t m, std::uint64_t n, UnsignedWide steps) {
  ExactDistance distance;
  distance.m = m;
  distance.n = n;
  const std::uint64_t divisor = std::gcd(m, n);
  const UnsignedWide lcm = static_cast<UnsignedWide>(m / divisor) * n;
  steps /= divisor;
  distance.value = static_cast<double>(steps) / static_cast<double>(lcm);
  if (lcm <= ~std::uint64_t{0}) distance.steps = static_cast<std::uint64_t>(steps);
  return distance;
}

ExactDistance MeasureExactly(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current) {
  return MeasureExactly(reference, current, std::accumulate(reference.begin(), reference.end(), std::uint64_t{0}),
                        std::accumulate(current.begin(), current.end(), std::uint64_t{0}));
}

ExactDistance MeasureExactly(std::span<const std::uint64_t> reference, std::span<const std::uint64_t> current,
                             std::uint64_t m, std::uint64_t n) {
  ExactDistance rows;
  rows.m = m;
  rows.n = n;
  if (rows.m == 0 || rows.n == 0) return rows;
  const bool narrow = static_cast<UnsignedWide>(rows.m) * rows.n < UnsignedWide{1} << 63;
  const UnsignedWide largest = narrow ? static_cast<UnsignedWide>(Largest<std::int64_t>(reference, current, rows))
                                      : static_cast<UnsignedWide>(Largest<Wide>(reference, current, rows));
  return DistanceOfSteps(rows.m, rows.n, largest);
}

KsTest::KsTest(const FeatureLayout& layout, const CellEstimate& estimate, const ExactDistance* exact) {
  const bool plain_rows = !estimate.current_counts.empty();
  const bool is_exact = layout.rank_cells() || (exact != nullptr && plain_rows);
  Measure(estimate, is_exact, exact);
  upper_ = is_exact ? value_ : UpperEnd(layout, estimate, value_);
  const double plain = estimate.kish * estimate.effective_rows / (estimate.kish + estimate.effective_rows);
  // Rows that all weigh the same are the plain sample that the law is made for, however small.
  const bool weighted = !plain_rows && estimate.largest_variance > 0;
  const double from_variance = weighted ? 1 / (4 * estimate.largest_variance) : plain;
  en_ = std::max(0.0, std::min(plain, from_variance) / std::max(1.0, estimate.design_effect));
  if (exact_tail_) return;
  steps_ = StepsOf(layout, estimate);
  if (!steps_.empty()) half_row_ = (1 / estimate.kish + 1 / estimate.effective_rows) / 2;
}

void KsTest::Measure(const CellEstimate& estimate, bool is_exact, const ExactDistance* exact) {
  if (estimate.current_counts.empty()) {
    value_ = WeightedDistance(estimate);
    return;
  }
  const ExactDistance distance =
      exact != nullptr ? *exact
                       : MeasureExactly(estimate.reference_counts, estimate.current_counts,
                                        static_cast<std::uint64_t>(estimate.rows),
                                        static_cast<std::uint64_t>(estimate.kept));
  value_ = distance.value;
  const double n = static_cast<double>(distance.n), m = static_cast<double>(distance.m);
  const bool independent = estimate.design_effect <= 1 && estimate.effective_rows >= estimate.rows;
  const bool cheap = n * m <= kExactAnyway || (std::min(n, m) < kExactBelow && n * m <= kExactWork);
  if (is_exact && independent && distance.steps && cheap) {
    exact_tail_ = KsExactTail(distance.n, distance.m, *distance.steps);
  }
}

double KsTest::PValue(double level) const {
  if (level > 0) return KsLevelTail(value_, level, en_);
  return exact_tail_ ? *exact_tail_ : TailOfNone(value_);
}

double KsTest::TailOfNone(double d) const {
  return steps_.empty() ? KsAsymptoticTail(d, en_) : KsTiedTail(std::sqrt(en_) * (d - half_row_), steps_);
}

double KsTest::Threshold(double level, double alpha) const {
  if (level > 0) return KsLevelThreshold(level, en_, alpha);
  if (steps_.empty() || !(en_ > 0)) return KsThreshold(en_, alpha);
  double low = 0, high = 1;
  for (int i = 0; i < 30; ++i) {
    const double middle = (low + high) / 2;
    (TailOfNone(middle) > alpha ? low : high) = middle;
  }
  return high;
}

}  // namespace drift
