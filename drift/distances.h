#ifndef DRIFT_DISTANCES_H_
#define DRIFT_DISTANCES_H_

#include <span>

#include "drift/cell_estimate.h"
#include "drift/layout.h"

namespace drift {

// Distances of two distributions p (reference) and q over the same cells; each sums to 1. No smoothing. All are 0
// for equal distributions and finite for any.

double JensenShannonDistance(std::span<const double> p, std::span<const double> q);  // √ of the divergence, nats
double HellingerDistance(std::span<const double> p, std::span<const double> q);      // √(1 − Σ√(pq)), 0 to 1
double LInfinityDistance(std::span<const double> p, std::span<const double> q);      // largest |p − q|

// Pearson's Σ (q − p)²/p, over smoothed p. Times the rows it is the usual statistic.
double ChiSquareDistance(std::span<const double> smoothed_p, std::span<const double> smoothed_q);

// ∫|F − G| dx over the reference's standard deviation, in [0, ∞); 0 where that is 0. Exact with rank cells for
// traffic within the reference's values; else the area between the cell ends, by trapezoids, and what lies beyond
// the first and last end is not seen.
double WassersteinDistance(const FeatureLayout& layout, const CellEstimate& cells, double standard_deviation);

}  // namespace drift

#endif  // DRIFT_DISTANCES_H_
