#include "drift/ks_distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

namespace drift {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Q(λ). The alternating series converges slowly near 0, where its theta-function transform does not.
double KolmogorovTail(double lambda) {
  if (lambda <= 0) return 1;
  if (lambda < 1.0) {
    double sum = 0;
    for (int k = 1; k <= 7; k += 2) sum += std::exp(-k * k * kPi * kPi / (8 * lambda * lambda));
    return 1 - std::sqrt(2 * kPi) / lambda * sum;
  }
  double sum = 0;
  for (int k = 1; k <= 6; ++k) sum += (k % 2 == 1 ? 2 : -2) * std::exp(-2.0 * k * k * lambda * lambda);
  return sum;
}

// Vrbik's correction of √en·d for small en, and its inverse.
double Lambda(double d, double en) {
  const double root = std::sqrt(en);
  return root * d + 1 / (6 * root) + (root * d - 1) / (4 * en);
}

double DistanceAt(double lambda, double en) {
  const double root = std::sqrt(en);
  return (lambda - 1 / (6 * root) + 1 / (4 * en)) / (root * (1 + 1 / (4 * en)));
}

}  // namespace

double KsAsymptoticTail(double d, double en) {
  if (!(d > 0) || !(en > 0)) return 1;
  return std::clamp(KolmogorovTail(Lambda(d, en)), 0.0, 1.0);
}

double KsThreshold(double en, double alpha) {
  if (!(en > 0)) return 1;
  double low = 0, high = 10;  // of λ
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (KolmogorovTail(middle) > alpha ? low : high) = middle;
  }
  return std::clamp(DistanceAt(high, en), 0.0, 1.0);
}

double KsExactTail(std::uint64_t n, std::uint64_t m, std::uint64_t h) {
  if (h == 0) return 1;
  if (n > m) std::swap(n, m);
  const std::uint64_t divisor = std::gcd(n, m);
  const auto step_n = static_cast<std::int64_t>(m / divisor);  // of one row of the sample of n, in units of 1/lcm
  const auto step_m = static_cast<std::int64_t>(n / divisor);
  const auto band = static_cast<std::int64_t>(h);
  // outside[i]: the chance that a random path to (i, j) has touched |i/n − j/m| ≥ h/lcm. Only sums of positive
  // terms: small tails keep their digits.
  std::vector<double> outside(n + 1);
  for (std::uint64_t j = 0; j <= m; ++j) {
    for (std::uint64_t i = 0; i <= n; ++i) {
      const std::int64_t off = static_cast<std::int64_t>(i) * step_n - static_cast<std::int64_t>(j) * step_m;
      if (off >= band || -off >= band) {
        outside[i] = 1;
        continue;
      }
      const double steps = static_cast<double>(i + j);
      const double from_left = i > 0 ? static_cast<double>(i) * outside[i - 1] : 0;
      const double from_below = j > 0 ? static_cast<double>(j) * outside[i] : 0;
      outside[i] = steps > 0 ? (from_left + from_below) / steps : 0;
    }
  }
  return std::clamp(outside[n], 0.0, 1.0);
}

double KsLevelTail(double d, double level, double en) {
  const double excess = std::max(0.0, d - level);
  return std::exp(-2 * en * excess * excess);
}

double KsLevelThreshold(double level, double en, double alpha) {
  if (!(en > 0)) return 1;
  return std::min(1.0, level + std::sqrt(std::log(1 / alpha) / (2 * en)));
}

}  // namespace drift
