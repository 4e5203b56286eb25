#include "drift/report/small_distribution.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace drift {
namespace {

constexpr int kBins = 10;

double ShareOf(const Bin& bin, bool current) { return current ? bin.current_share.value_or(0) : bin.reference_share; }

struct Range {
  double lower, upper;
};

// The bins' outer ends, open ones closed by the reference's extremes.
Range RangeOf(const FeatureResult& feature, const FeatureReference* reference) {
  const Bin& first = feature.bins.front();
  const Bin& last = feature.bins[feature.bins.size() - 2];
  return {first.lower.value_or(reference ? reference->minimum : first.upper.value_or(0)),
          last.upper.value_or(reference ? reference->maximum : last.lower.value_or(0))};
}

// Adds `share` of (lower, upper] to the bins that it covers; a single value belongs to one bin.
void Spread(const Range& range, double lower, double upper, double share, std::array<double, kBins>& bins) {
  const double width = (range.upper - range.lower) / kBins;
  const auto bin_of = [&](double value) {
    return static_cast<int>(std::clamp(std::ceil((value - range.lower) / width) - 1, 0.0, kBins - 1.0));
  };
  const int first = bin_of(lower), last = bin_of(upper);
  if (first == last || !(upper > lower)) {
    bins[static_cast<std::size_t>(last)] += share;
    return;
  }
  for (int i = first; i <= last; ++i) {
    const double from = std::max(lower, range.lower + i * width);
    const double to = i == kBins - 1 ? upper : std::min(upper, range.lower + (i + 1) * width);
    bins[static_cast<std::size_t>(i)] += share * std::max(to - from, 0.0) / (upper - lower);
  }
}

SmallDistribution Numeric(const FeatureResult& feature, const FeatureReference* reference, bool current) {
  SmallDistribution small;
  const Range range = RangeOf(feature, reference);
  if (!(range.upper > range.lower) || !std::isfinite(range.upper - range.lower)) return small;
  std::array<double, kBins> shares{};
  for (std::size_t i = 0; i + 1 < feature.bins.size(); ++i) {
    const double lower = std::clamp(feature.bins[i].lower.value_or(range.lower), range.lower, range.upper);
    const double upper = std::clamp(feature.bins[i].upper.value_or(range.upper), lower, range.upper);
    Spread(range, lower, upper, ShareOf(feature.bins[i], current), shares);
  }
  double sum = 0;
  for (const double share : shares) sum += share;
  const double width = (range.upper - range.lower) / kBins;
  for (int i = 0; i <= kBins; ++i) small.edges.push_back(i == kBins ? range.upper : range.lower + i * width);
  for (const double share : shares) small.y.push_back(sum > 0 ? share / sum / width : 0);
  return small;
}

}  // namespace

SmallDistribution SmallDistributionOf(const FeatureResult& feature, const FeatureReference* reference, bool current,
                                      double rows) {
  if (feature.bins.size() < 2) return {};
  if (feature.kind == Kind::kNumeric) return Numeric(feature, reference, current);
  SmallDistribution small;
  for (std::size_t i = 0; i + 1 < feature.bins.size(); ++i) {
    small.labels.push_back(feature.bins[i].label.str());
    small.y.push_back(ShareOf(feature.bins[i], current) * rows);
  }
  return small;
}

}  // namespace drift
