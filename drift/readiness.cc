#include "drift/readiness.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "drift/chi_squared.h"

namespace drift {
namespace {

double LeastPerBin(std::size_t bins) { return static_cast<double>(bins <= 20 ? 5 * bins : 10 * bins); }

double Freedom(std::size_t bins) { return static_cast<double>(std::max<std::size_t>(bins, 2) - 1); }

// Whether χ²_{B−1} is so seldom as large as ψ0/(1/n + 1/m) as alpha says: NeededSamples() turned round, which takes one
// value of the law in place of its quantile.
bool Suffice(double samples, std::size_t bins, double reference_rows, const ThresholdSettings& thresholds) {
  if (samples < LeastPerBin(bins)) return false;
  if (!(thresholds.psi_warn > 0)) return true;
  const ScaledChiSquared law = {1, Freedom(bins), 0};
  return law.UpperTail(thresholds.psi_warn / (1 / samples + 1 / reference_rows)) <= thresholds.alpha;
}

}  // namespace

double NeededReferenceRows(std::size_t bins, const ThresholdSettings& thresholds) {
  if (!(thresholds.psi_warn > 0)) return 0;
  return ChiSquaredQuantile(Freedom(bins), thresholds.alpha) / thresholds.psi_warn;
}

std::optional<double> NeededSamples(std::size_t bins, const ThresholdSettings& thresholds, double reference_rows) {
  const double by_bins = LeastPerBin(bins);
  const double rows = NeededReferenceRows(bins, thresholds);
  if (rows <= 0) return by_bins;
  if (!(reference_rows > rows)) return std::nullopt;
  return std::max(by_bins, 1 / (1 / rows - 1 / reference_rows));
}

std::string WhyNotReady(double samples, std::size_t bins, double reference_rows, const ThresholdSettings& thresholds) {
  if (Suffice(samples, bins, reference_rows, thresholds)) return "";
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
