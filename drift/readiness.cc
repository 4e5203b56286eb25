#include "drift/readiness.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "drift/chi_squared.h"

namespace drift {
namespace {

// Kept: features have the same few numbers of bins, evaluation after evaluation.
double Quantile(std::size_t freedom, double alpha) {
  struct Known {
    std::size_t freedom = 0;
    double alpha = 0, quantile = 0;
  };
  thread_local std::array<Known, 64> known;
  Known& entry = known[freedom % known.size()];
  if (entry.freedom != freedom || entry.alpha != alpha) {
    entry = {freedom, alpha, ChiSquaredQuantile(static_cast<double>(freedom), alpha)};
  }
  return entry.quantile;
}

}  // namespace

double NeededReferenceRows(std::size_t bins, const ThresholdSettings& thresholds) {
  if (!(thresholds.psi_warn > 0)) return 0;
  return Quantile(std::max<std::size_t>(bins, 2) - 1, thresholds.alpha) / thresholds.psi_warn;
}

std::optional<double> NeededSamples(std::size_t bins, const ThresholdSettings& thresholds, double reference_rows) {
  const double count = static_cast<double>(bins);
  const double by_bins = bins <= 20 ? 5 * count : 10 * count;
  const double rows = NeededReferenceRows(bins, thresholds);
  if (rows <= 0) return by_bins;
  if (!(reference_rows > rows)) return std::nullopt;
  return std::max(by_bins, 1 / (1 / rows - 1 / reference_rows));
}

std::string WhyNotReady(double samples, std::size_t bins, double reference_rows, const ThresholdSettings& thresholds) {
  const std::optional<double> needed = NeededSamples(bins, thresholds, reference_rows);
  char text[240];
  if (!needed) {
    std::snprintf(text, sizeof text,
                  "the reference is worth %.0f rows, more than %.0f are needed for %zu bins and thresholds.psi.warn %g",
                  reference_rows, NeededReferenceRows(bins, thresholds), bins, thresholds.psi_warn);
    return text;
  }
  if (samples >= *needed) return "";
  std::snprintf(text, sizeof text, "the rows kept are worth %.0f effective samples, %.0f are needed for %zu bins",
                std::floor(samples), std::ceil(*needed), bins);
  return text;
}

}  // namespace drift
