#include "drift/psi.h"

#include <algorithm>
#include <cmath>

#include "drift/vectorised.h"

namespace drift {
namespace {

// gᵀ Σ g for the multinomial Σ = (diag p − p pᵀ)/rows.
double MultinomialForm(const std::vector<double>& g, const std::vector<double>& p, double rows) {
  double mean = 0, square = 0;
  for (std::size_t b = 0; b < g.size(); ++b) {
    mean += g[b] * p[b];
    square += g[b] * g[b] * p[b];
  }
  return std::max(0.0, square - mean * mean) / rows;
}

// Half the curvature of PSI in the traffic's share of a bin, by which Σ_q turns into the PSI that chance adds. At
// q = p it is 1/p; above, it falls like 1/q, and 1/p would see so much chance in a new category that no number of
// rows would find it. Left at 1/p up to q = 3p, where q may exceed p by chance. Given 1/p and 1/q.
double Curvature(double per_p, double per_q) {
  constexpr double kBeyondChance = 3;
  return std::min(per_p, kBeyondChance * per_q);
}

DRIFT_VECTORISED double QuadraticForm(const std::vector<double>& g, const std::vector<double>& covariance) {
  double sum = 0;
  for (std::size_t i = 0; i < g.size(); ++i) sum += g[i] * Product(&covariance[i * g.size()], g.data(), g.size());
  return std::max(0.0, sum);
}

// tr(A²) of A = diag(t) Σ_q diag(t) + (1 − r rᵀ)/rows, which is symmetric: of the squares of all that it holds.
DRIFT_VECTORISED double SquareTrace(const std::vector<double>& covariance, const std::vector<double>& t,
                                    const std::vector<double>& r, double rows) {
  const std::size_t size = t.size();
  const double share = 1 / rows;
  double diagonal = 0, rest = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double* const row = &covariance[i * size];
    const double traffic = t[i], reference = r[i] * share;
    const double own = row[i] * traffic * traffic + share - reference * r[i];
    diagonal += own * own;
    Four squares = {};
    std::size_t j = 0;
    for (; j + kFour <= i; j += kFour) {
      const Four entries = Loaded(row + j) * Loaded(&t[j]) * traffic - Loaded(&r[j]) * reference;
      squares += entries * entries;
    }
    rest += Sum(squares);
    for (; j < i; ++j) {
      const double entry = row[j] * t[j] * traffic - r[j] * reference;
      rest += entry * entry;
    }
  }
  return diagonal + 2 * rest;
}

}  // namespace

double EffectiveSamples(const BinEstimate& estimate) {
  const std::size_t size = estimate.size();
  double plain = 0, trace = 0;
  for (std::size_t b = 0; b < size; ++b) {
    plain += estimate.current[b] * (1 - estimate.current[b]) / estimate.smooth[b];
    trace += estimate.covariance[b * size + b] / estimate.smooth[b];
  }
  // All in one bin: nothing varies, but for the rounding of a share that is 1.
  constexpr double kRounding = 1e-12;
  if (!(trace > 0) || !(plain > kRounding)) return estimate.kish;
  return plain / trace;
}

PsiTest::PsiTest(const BinEstimate& estimate) : PsiTest(estimate, EffectiveSamples(estimate)) {}

PsiTest::PsiTest(const BinEstimate& estimate, double samples) : samples_(samples) {
  const std::size_t size = estimate.size();
  const std::vector<double>& p = estimate.smooth;
  const std::vector<double> q = Smooth(estimate.current, samples_);
  const double m = estimate.effective_rows;
  std::vector<double> g(size), h(size), of_traffic(size), of_reference(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double per_p = 1 / p[i], per_q = 1 / q[i];
    const double ratio = std::log(q[i] * per_p);
    value_ += (q[i] - p[i]) * ratio;
    g[i] = ratio + 1 - p[i] * per_q;
    h[i] = -ratio + 1 - q[i] * per_p;
    of_traffic[i] = std::sqrt(Curvature(per_p, per_q));
    of_reference[i] = std::sqrt(p[i]);
  }
  value_ = std::max(0.0, value_);
  for (std::size_t i = 0; i < size; ++i) {
    trace_ += estimate.covariance[i * size + i] * of_traffic[i] * of_traffic[i] + (1 - p[i]) / m;
  }
  square_trace_ = SquareTrace(estimate.covariance, of_traffic, of_reference, m);
  if (value_ > 0) {
    slope_ = (QuadraticForm(g, estimate.covariance) + MultinomialForm(h, p, m)) / (4 * value_);
  }
}

ScaledChiSquared PsiTest::Law(double level) const {
  const double mean = trace_ + 2 * level;
  const double scale = mean > 0 ? (square_trace_ + 2 * slope_ * level) / mean : 0;
  if (!(scale > 0)) return {0, 1, 0};
  return {scale, std::max(trace_ / scale, 1e-6), level / scale};
}

double PsiTest::PValue(double level) const {
  if (!(value_ > 0)) return 1;
  const ScaledChiSquared law = Law(level);
  if (!(law.scale > 0)) return value_ > level ? 0 : 1;
  return law.UpperTail(value_);
}

double PsiTest::Threshold(double level, double alpha) const {
  const ScaledChiSquared law = Law(level);
  return law.scale > 0 ? law.Threshold(alpha) : level;
}

}  // namespace drift
