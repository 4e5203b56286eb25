#include "drift/ks_ties.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace drift {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kNearlyNever = 4;                        // λ: beyond, the tail is 0 within 1e-13
constexpr double kPointsPerDeviation = 2.5;               // of the grid, in the narrowest step
constexpr std::size_t kFewestPoints = 80;

double NormalDensity(double x, double variance) {
  return std::exp(-x * x / (2 * variance)) / std::sqrt(2 * kPi * variance);
}

// Paths reflected an odd number of times at ±λ, by the sum of where they start and end, …
double Odd(double sum, double lambda, double variance) {
  return NormalDensity(2 * lambda - sum, variance) + NormalDensity(2 * lambda + sum, variance) +
         NormalDensity(6 * lambda - sum, variance) + NormalDensity(6 * lambda + sum, variance);
}

// … and an even number of times, by the difference.
double Even(double difference, double lambda, double variance) {
  return NormalDensity(4 * lambda - difference, variance) + NormalDensity(4 * lambda + difference, variance);
}

// The midpoints of equal cells between −λ and λ.
class Grid {
 public:
  Grid(double lambda, double narrowest)
      : lambda_(lambda),
        size_(std::max(kFewestPoints, static_cast<std::size_t>(2 * lambda * kPointsPerDeviation / std::sqrt(narrowest)))),
        width_(2 * lambda / static_cast<double>(size_)) {}

  std::size_t size() const { return size_; }
  double width() const { return width_; }
  double at(std::size_t i) const { return -lambda_ + (static_cast<double>(i) + 0.5) * width_; }

  double lambda() const { return lambda_; }

  // The density of stepping to or from 0; where the step is not tied, without leaving ±λ in between.
  double Density(double at, const KsStep& step) const {
    const double direct = NormalDensity(at, step.mass);
    if (step.tied) return direct;
    return std::max(0.0, direct - Odd(at, lambda_, step.mass) + Even(at, lambda_, step.mass));
  }

 private:
  double lambda_;
  std::size_t size_;
  double width_;
};

// One step of the density `before`. Between points of the grid a density depends on their difference and sum alone.
std::vector<double> Carry(const Grid& grid, const std::vector<double>& before, const KsStep& step) {
  const std::size_t size = grid.size();
  const double width = grid.width();
  // Eight deviations off, nothing arrives.
  const auto reach = std::min(size - 1, static_cast<std::size_t>(std::ceil(8 * std::sqrt(step.mass) / width)));
  std::vector<double> difference(reach + 1), sum(2 * size - 1, 0);
  for (std::size_t k = 0; k <= reach; ++k) {
    const double off = static_cast<double>(k) * width;
    difference[k] = width * NormalDensity(off, step.mass);
    if (!step.tied) difference[k] += width * Even(off, grid.lambda(), step.mass);
  }
  for (std::size_t k = 0; k < sum.size() && !step.tied; ++k) {
    sum[k] = width * Odd(2 * grid.at(0) + static_cast<double>(k) * width, grid.lambda(), step.mass);
  }
  std::vector<double> after(size, 0);
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t low = i > reach ? i - reach : 0, high = std::min(size - 1, i + reach);
    double density = 0;
    for (std::size_t j = low; j <= high; ++j) density += before[j] * difference[i > j ? i - j : j - i];
    for (std::size_t j = low; j <= high && !step.tied; ++j) density -= before[j] * sum[i + j];
    after[i] = std::max(0.0, density);
  }
  return after;
}

}  // namespace

double KsTiedTail(double lambda, std::span<const KsStep> steps) {
  if (!(lambda > 0) || steps.size() < 2) return 1;
  if (lambda > kNearlyNever) return 0;
  double narrowest = 1;
  for (const KsStep& step : steps) narrowest = std::min(narrowest, step.mass);
  const Grid grid(lambda, std::max(narrowest, kTiedMass / 2));
  std::vector<double> density(grid.size());
  for (std::size_t i = 0; i < grid.size(); ++i) density[i] = grid.Density(grid.at(i), steps.front());
  for (const KsStep& step : steps.subspan(1, steps.size() - 2)) density = Carry(grid, density, step);
  double inside = 0;  // of the paths that end at 0
  for (std::size_t i = 0; i < grid.size(); ++i) {
    inside += grid.width() * density[i] * grid.Density(grid.at(i), steps.back());
  }
  return std::clamp(1 - inside * std::sqrt(2 * kPi), 0.0, 1.0);
}

}  // namespace drift
