#include "drift/ks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drift/ks_distribution.h"
#include "drift/vectorised.h"

namespace drift {
namespace {

__extension__ using Wide = __int128;
__extension__ using UnsignedWide = unsigned __int128;

// The p-value of equal distributions is exact where a side has few rows, unless counting the paths took too many
// steps, and wherever it takes few.
constexpr double kNothing = 1e-9;  // a share of the rows that is rounding
constexpr double kExactBelow = 30, kExactWork = 2e7, kExactAnyway = 250'000;

// Loops below take two times four cells a turn and join them before the running maximum, for which the next turn waits.
constexpr std::size_t kTurn = 2 * kFour;

// max |c n − d m| at the ends of cells, c of m and d of n the rows up to there. Exact below 2⁵³.
DRIFT_VECTORISED double LargestAtEnds(std::span<const double> reference, std::span<const double> current, double m,
                                      double n) {
  const double *const c = reference.data(), *const d = current.data();
  Four most = {}, least = {};
  std::size_t b = 0;
  for (; b + kTurn <= reference.size(); b += kTurn) {
    Four off = Loaded(c + b) * n - Loaded(d + b) * m, low = off;
    const Four next = Loaded(c + b + kFour) * n - Loaded(d + b + kFour) * m;
    KeepLarger(next, off);
    KeepSmaller(next, low);
    KeepLarger(off, most);
    KeepSmaller(low, least);
  }
  KeepLarger(-least, most);
  double largest = Largest(most);
  for (; b < reference.size(); ++b) largest = std::max(largest, std::fabs(c[b] * n - d[b] * m));
  return largest;
}

// The same where the difference may be inside the cells from `begin` to `end`: within one, F and G only rise, so that
// one of them may be at its upper end while the other is still at its lower.
DRIFT_VECTORISED double LargestWithin(const CellEstimate& estimate, std::size_t begin, std::size_t end) {
  const double *const c = estimate.reference_below.data(), *const d = estimate.current_below.data();
  const double m = estimate.rows, n = estimate.current_rows;
  double largest = 0;
  std::size_t b = begin;
  if (b == 0 && b < end) {
    largest = std::max(c[0] * n, d[0] * m);
    ++b;
  }
  Four most = {};
  for (; b + kTurn <= end; b += kTurn) {
    Four larger = Loaded(c + b) * n - Loaded(d + b - 1) * m;
    KeepLarger(Loaded(d + b) * m - Loaded(c + b - 1) * n, larger);
    Four next = Loaded(c + b + kFour) * n - Loaded(d + b + kFour - 1) * m;
    KeepLarger(Loaded(d + b + kFour) * m - Loaded(c + b + kFour - 1) * n, next);
    KeepLarger(next, larger);
    KeepLarger(larger, most);
  }
  for (; b < end; ++b) largest = std::max({largest, c[b] * n - d[b - 1] * m, d[b] * m - c[b - 1] * n});
  return std::max(largest, Largest(most));
}

// The upper end of the true D, which may be inside a cell that holds more than one value.
double UpperEnd(const FeatureLayout& layout, const CellEstimate& estimate, double value) {
  double most = 0;
  std::size_t begin = 0;
  for (const std::uint32_t cell : layout.singletons()) {
    most = std::max(most, LargestWithin(estimate, begin, cell));
    begin = cell + 1;
  }
  most = std::max(most, LargestWithin(estimate, begin, estimate.current_below.size()));
  return std::min(1.0, std::max(value, most / (estimate.rows * estimate.current_rows)));
}

// LargestAtEnds() beyond 2⁵³.
UnsignedWide LargestWide(std::span<const double> reference, std::span<const double> current, double m, double n) {
  Wide most = 0;
  for (std::size_t b = 0; b < reference.size(); ++b) {
    const Wide off = static_cast<Wide>(reference[b]) * static_cast<Wide>(n) -
                     static_cast<Wide>(current[b]) * static_cast<Wide>(m);
    most = std::max(most, off < 0 ? -off : off);
  }
  return static_cast<UnsignedWide>(most);
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
    const double end = pooled(estimate.G(cell), estimate.F(cell));
    const double start = cell == 0 ? 0 : pooled(estimate.G(cell - 1), estimate.F(cell - 1));
    const double mass = end - start;
    if (mass < kTiedMass) continue;
    if (end - mass > below + kNothing) steps.push_back({end - mass - below, false});
    steps.push_back({mass, true});
    below = end;
  }
  if (!steps.empty() && below < 1 - kNothing) steps.push_back({1 - below, false});
  return steps;
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

ExactDistance MeasureExactly(std::span<const double> reference_below, std::span<const double> current_below) {
  ExactDistance rows;
  if (reference_below.empty()) return rows;
  const double m = reference_below.back(), n = current_below.back();
  rows.m = static_cast<std::uint64_t>(m);
  rows.n = static_cast<std::uint64_t>(n);
  if (rows.m == 0 || rows.n == 0) return rows;
  const UnsignedWide steps = m * n < 0x1p53
                                 ? static_cast<std::uint64_t>(LargestAtEnds(reference_below, current_below, m, n))
                                 : LargestWide(reference_below, current_below, m, n);
  return DistanceOfSteps(rows.m, rows.n, steps);
}

KsTest::KsTest(const FeatureLayout& layout, const CellEstimate& estimate, const ExactDistance* exact) {
  const bool is_exact = layout.rank_cells() || (exact != nullptr && estimate.equal_weights);
  Measure(estimate, is_exact, exact);
  upper_ = is_exact ? value_ : UpperEnd(layout, estimate, value_);
  const double plain = estimate.kish * estimate.effective_rows / (estimate.kish + estimate.effective_rows);
  // Rows that all weigh the same are the plain sample that the law is made for, however small.
  const bool weighted = !estimate.equal_weights && estimate.largest_variance > 0;
  const double from_variance = weighted ? 1 / (4 * estimate.largest_variance) : plain;
  en_ = std::max(0.0, std::min(plain, from_variance) / std::max(1.0, estimate.design_effect));
  if (exact_tail_) return;
  steps_ = StepsOf(layout, estimate);
  if (!steps_.empty()) half_row_ = (1 / estimate.kish + 1 / estimate.effective_rows) / 2;
}

void KsTest::Measure(const CellEstimate& estimate, bool is_exact, const ExactDistance* exact) {
  if (!estimate.equal_weights) {
    const double off =
        LargestAtEnds(estimate.reference_below, estimate.current_below, estimate.rows, estimate.current_rows);
    value_ = std::min(1.0, off / (estimate.rows * estimate.current_rows));
    return;
  }
  const ExactDistance distance =
      exact != nullptr ? *exact : MeasureExactly(estimate.reference_below, estimate.current_below);
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
