#include "drift/psi.h"

#include <algorithm>
#include <cmath>

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
// rows would find it. Left at 1/p up to q = 3p, where q may exceed p by chance.
double Curvature(double p, double q) {
  constexpr double kBeyondChance = 3;
  return std::min(1 / p, kBeyondChance / q);
}

double QuadraticForm(const std::vector<double>& g, const std::vector<double>& covariance) {
  double sum = 0;
  for (std::size_t i = 0; i < g.size(); ++i) {
    for (std::size_t j = 0; j < g.size(); ++j) sum += g[i] * covariance[i * g.size() + j] * g[j];
  }
  return std::max(0.0, sum);
}

}  // namespace

double EffectiveSamples(const BinEstimate& estimate) {
  const std::size_t size = estimate.size();
  const std::vector<double> smooth = Smooth(estimate.reference, estimate.rows);
  double plain = 0, trace = 0;
  for (std::size_t b = 0; b < size; ++b) {
    plain += estimate.current[b] * (1 - estimate.current[b]) / smooth[b];
    trace += estimate.covariance[b * size + b] / smooth[b];
  }
  // All in one bin: nothing varies, but for the rounding of a share that is 1.
  constexpr double kRounding = 1e-12;
  if (!(trace > 0) || !(plain > kRounding)) return estimate.kish;
  return plain / trace;
}

PsiTest::PsiTest(const BinEstimate& estimate) : samples_(EffectiveSamples(estimate)) {
  const std::size_t size = estimate.size();
  const std::vector<double> p = Smooth(estimate.reference, estimate.rows);
  const std::vector<double> q = Smooth(estimate.current, samples_);
  const double m = estimate.effective_rows;
  std::vector<double> g(size), h(size), of_traffic(size), of_reference(size);
  for (std::size_t i = 0; i < size; ++i) {
    const double ratio = std::log(q[i] / p[i]);
    value_ += (q[i] - p[i]) * ratio;
    g[i] = ratio + 1 - p[i] / q[i];
    h[i] = -ratio + 1 - q[i] / p[i];
    of_traffic[i] = std::sqrt(Curvature(p[i], q[i]));
    of_reference[i] = std::sqrt(p[i]);
  }
  value_ = std::max(0.0, value_);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      const double by_traffic = estimate.covariance[i * size + j] * of_traffic[i] * of_traffic[j];
      const double by_reference = ((i == j ? 1 : 0) - of_reference[i] * of_reference[j]) / m;
      if (i == j) trace_ += by_traffic + by_reference;
      square_trace_ += (by_traffic + by_reference) * (by_traffic + by_reference);
    }
  }
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
