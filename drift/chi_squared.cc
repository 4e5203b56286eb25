#include "drift/chi_squared.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/complement.hpp>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>

namespace drift {
namespace {

namespace bm = boost::math;
using Quiet = bm::policies::policy<
    bm::policies::domain_error<bm::policies::ignore_error>, bm::policies::pole_error<bm::policies::ignore_error>,
    bm::policies::overflow_error<bm::policies::ignore_error>, bm::policies::underflow_error<bm::policies::ignore_error>,
    bm::policies::evaluation_error<bm::policies::ignore_error>,
    bm::policies::rounding_error<bm::policies::ignore_error>, bm::policies::promote_double<false>>;
using Central = bm::chi_squared_distribution<double, Quiet>;
using Noncentral = bm::non_central_chi_squared_distribution<double, Quiet>;

// Sankaran (1963): ((χ′²/(ν+λ))^h is nearly normal.
struct Sankaran {
  Sankaran(double freedom, double noncentrality) : mean(freedom + noncentrality) {
    const double twice = freedom + 2 * noncentrality;
    power = 1 - 2.0 / 3.0 * mean * (freedom + 3 * noncentrality) / (twice * twice);
    const double p = twice / (mean * mean);
    const double m = (power - 1) * (1 - 3 * power);
    center = 1 + power * p * (power - 1 - 0.5 * (2 - power) * m * p);
    spread = power * std::sqrt(2 * p) * (1 + 0.5 * m * p);
  }
  double Score(double x) const { return (std::pow(x / mean, power) - center) / spread; }
  double At(double score) const { return mean * std::pow(std::max(center + score * spread, 1e-12), 1 / power); }

  double mean, power, center, spread;
};

double ExactUpperTail(double freedom, double noncentrality, double x) {
  return noncentrality > 0 ? bm::cdf(bm::complement(Noncentral(freedom, noncentrality), x))
                           : bm::cdf(bm::complement(Central(freedom), x));
}

double ExactDensity(double freedom, double noncentrality, double x) {
  return noncentrality > 0 ? bm::pdf(Noncentral(freedom, noncentrality), x) : bm::pdf(Central(freedom), x);
}

}  // namespace

double NormalUpperTail(double z) { return 0.5 * std::erfc(z / std::sqrt(2.0)); }

double NormalUpperQuantile(double probability) {
  return bm::quantile(bm::complement(bm::normal_distribution<double, Quiet>(), probability));
}

double ChiSquaredQuantile(double freedom, double alpha) {
  return bm::quantile(bm::complement(Central(freedom), alpha));
}

double ScaledChiSquared::UpperTail(double x) const {
  if (!(x > 0)) return 1;
  const double value = x / scale;
  // Far from the mean the answer is 1 or 0 well within the error, and the exact sum would be long.
  const double z = (value - freedom - noncentrality) / std::sqrt(2 * (freedom + 2 * noncentrality));
  if (z < -7) return 1;
  if (z > 60) return 0;
  double tail = ExactUpperTail(freedom, noncentrality, value);
  if (!std::isfinite(tail)) tail = NormalUpperTail(Sankaran(freedom, noncentrality).Score(value));
  return std::clamp(std::isfinite(tail) ? tail : NormalUpperTail(z), 0.0, 1.0);
}

double ScaledChiSquared::Threshold(double alpha) const {
  if (noncentrality <= 0) return scale * ChiSquaredQuantile(freedom, alpha);
  double x = Sankaran(freedom, noncentrality).At(NormalUpperQuantile(alpha));
  for (int step = 0; step < 6 && noncentrality <= 200; ++step) {
    const double density = ExactDensity(freedom, noncentrality, x);
    const double tail = ExactUpperTail(freedom, noncentrality, x);
    if (!(density > 0) || !(tail > 0)) break;
    const double move = std::log(tail / alpha) * tail / density;  // Newton on the logarithm of the tail
    if (!std::isfinite(move)) break;
    x = std::max(x + move, 0.5 * x);
    if (std::fabs(move) < 1e-5 * x) break;
  }
  return scale * x;
}

}  // namespace drift
