#ifndef DRIFT_KS_TIES_H_
#define DRIFT_KS_TIES_H_

#include <span>

namespace drift {

// A stretch of the values in their order.
struct KsStep {
  double mass = 0;    // share of the rows
  bool tied = false;  // all of one value: F − G is only compared at its end; else of so many that it is at every point
};

// A value with at least this share of the rows is a step of its own; with less, ties hardly matter.
inline constexpr double kTiedMass = 0.005;

// P(max |B| ≥ lambda), B a Brownian bridge looked at where F − G is: at the ends of the tied steps and throughout the
// others. Without ties this is Kolmogorov's Q(λ); with them Q(λ) is too large: eight equal values at Q = 5 % have 1 %.
// The density of the bridge within ±λ is carried from step to step on a grid; off by less than 1e-4. O(steps).
// REQUIRES: the masses are positive and sum to 1.
double KsTiedTail(double lambda, std::span<const KsStep> steps);

}  // namespace drift

#endif  // DRIFT_KS_TIES_H_
