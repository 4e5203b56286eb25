#include "drift/distances.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace drift {

double JensenShannonDistance(std::span<const double> p, std::span<const double> q) {
  double divergence = 0;
  for (std::size_t b = 0; b < p.size(); ++b) {
    const double middle = (p[b] + q[b]) / 2;
    if (p[b] > 0) divergence += p[b] * std::log(p[b] / middle) / 2;
    if (q[b] > 0) divergence += q[b] * std::log(q[b] / middle) / 2;
  }
  return std::sqrt(std::max(0.0, divergence));
}

double HellingerDistance(std::span<const double> p, std::span<const double> q) {
  double sum = 0;
  for (std::size_t b = 0; b < p.size(); ++b) {
    const double off = std::sqrt(p[b]) - std::sqrt(q[b]);
    sum += off * off;
  }
  return std::min(1.0, std::sqrt(sum / 2));
}

double LInfinityDistance(std::span<const double> p, std::span<const double> q) {
  double largest = 0;
  for (std::size_t b = 0; b < p.size(); ++b) largest = std::max(largest, std::fabs(p[b] - q[b]));
  return largest;
}

double ChiSquareDistance(std::span<const double> smoothed_p, std::span<const double> smoothed_q) {
  double sum = 0;
  for (std::size_t b = 0; b < smoothed_p.size(); ++b) {
    const double off = smoothed_q[b] - smoothed_p[b];
    sum += off * off / smoothed_p[b];
  }
  return sum;
}

double WassersteinDistance(const FeatureLayout& layout, const CellEstimate& cells, double standard_deviation) {
  if (!(standard_deviation > 0)) return 0;
  double area = 0;
  for (std::size_t b = 0; b + 2 < cells.current_below.size(); ++b) {  // from the end of cell b to the end of the next
    const auto cell = static_cast<std::uint32_t>(b);
    const double before = std::fabs(cells.G(b) - cells.F(b));
    const double after = layout.rank_cells() ? before : std::fabs(cells.G(b + 1) - cells.F(b + 1));
    // Scaled before the difference: the range of huge values may not fit a double.
    const double width = layout.upper_end(cell + 1) / standard_deviation - layout.upper_end(cell) / standard_deviation;
    area += width * (before + after) / 2;
  }
  return std::min(area, std::numeric_limits<double>::max());
}

}  // namespace drift
