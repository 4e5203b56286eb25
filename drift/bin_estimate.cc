#include "drift/bin_estimate.h"

#include <algorithm>
#include <memory>

#include "drift/vectorised.h"

namespace drift {
namespace {

// Where the bins of one feature lie in the moments of a view.
struct FeatureBins {
  const View& view;
  std::size_t offset;
  std::span<const std::uint32_t> used;  // of the feature's bins

  double share(std::size_t group, std::size_t i) const { return *view.moments.share(group, offset + used[i]); }
  double square(std::size_t group, std::size_t i) const { return *view.moments.square(group, offset + used[i]); }
  double total(std::size_t i) const { return *view.moments.total(offset + used[i]); }
};

// Adds a group's part of entry (i, j) of Σ_g W_g² n_g/(n_g−1) C_g + (1/N)(Σ_g W_g f_g f_gᵀ − q̂ q̂ᵀ). `sum`: Σ s_g.
double GroupCovariance(const FeatureBins& bins, std::size_t g, double sum, double mix, std::size_t i, std::size_t j) {
  const Group& group = bins.view.groups[g];
  const double scale = group.share * group.share * group.kept / std::max(group.kept - 1, 1.0);
  const double f = bins.share(g, i), s = bins.square(g, i), f2 = bins.share(g, j), s2 = bins.square(g, j);
  return scale * ((i == j ? s : 0) + sum * f * f2 - s * f2 - f * s2) + mix * group.share * f * f2;
}

double SumOfSquares(const FeatureBins& bins, std::size_t g) {
  double sum = 0;
  for (std::size_t i = 0; i < bins.used.size(); ++i) sum += bins.square(g, i);
  return sum;
}

double MixOf(const View& view) { return view.mix_known && view.seen > 0 ? 1 / view.seen : 0; }

std::vector<double> ModelCovariance(const FeatureBins& bins) {
  const std::size_t size = bins.used.size();
  const double mix = MixOf(bins.view);
  std::vector<double> covariance(size * size, 0);
  for (std::size_t g = 0; g < bins.view.groups.size(); ++g) {
    const double sum = SumOfSquares(bins, g);
    for (std::size_t i = 0; i < size; ++i) {
      for (std::size_t j = 0; j < size; ++j) covariance[i * size + j] += GroupCovariance(bins, g, sum, mix, i, j);
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) covariance[i * size + j] -= mix * bins.total(i) * bins.total(j);
  }
  return covariance;
}

std::vector<double> ModelVariances(const FeatureBins& bins) {
  const double mix = MixOf(bins.view);
  std::vector<double> variances(bins.used.size(), 0);
  for (std::size_t g = 0; g < bins.view.groups.size(); ++g) {
    const double sum = SumOfSquares(bins, g);
    for (std::size_t i = 0; i < variances.size(); ++i) variances[i] += GroupCovariance(bins, g, sum, mix, i, i);
  }
  for (std::size_t i = 0; i < variances.size(); ++i) variances[i] -= mix * bins.total(i) * bins.total(i);
  return variances;
}

// The products of `left` with four rows, `length` apart, which is a multiple of kFour.
inline void ProductsOfFour(const double* left, const double* rows, std::size_t length, Four& products) {
  Four a = {}, b = {}, c = {}, d = {};
  for (std::size_t i = 0; i < length; i += kFour) {
    const Four at = Loaded(left + i);
    a += at * Loaded(rows + i);
    b += at * Loaded(rows + length + i);
    c += at * Loaded(rows + 2 * length + i);
    d += at * Loaded(rows + 3 * length + i);
  }
  SumEach(a, b, c, d, products);
}

std::size_t RoundedUp(std::size_t size) { return (size + kFour - 1) / kFour * kFour; }

// u_p − u_{p−1}: [bin that is used][difference], both padded to a multiple of kFour, the differences with zeros. Taken
// four bins of four panes at a time, whether all of them are used or not.
DRIFT_VECTORISED std::unique_ptr<double[]> StepsOfPanes(const FeatureBins& bins, std::size_t length) {
  const std::span<const std::uint32_t> used = bins.used;
  const std::size_t rows = RoundedUp(used.back() + 1), last = bins.view.slots - 1;
  auto steps = std::make_unique_for_overwrite<double[]>(rows * length);
  for (std::size_t b = 0; b < rows; b += kFour) {
    for (std::size_t p = 0; p < length; p += kFour) {
      const auto pull = [&](std::size_t pane) -> const FourInMemory& {
        return Loaded(bins.view.moments.pull(std::min(pane, last), bins.offset + b));
      };
      Four of_bins[kFour];
      Transpose(pull(p + 1) - pull(p), pull(p + 2) - pull(p + 1), pull(p + 3) - pull(p + 2), pull(p + 4) - pull(p + 3),
                of_bins);
      for (std::size_t i = 0; i < kFour; ++i) Store(of_bins[i], steps.get() + (b + i) * length + p);
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i] != i) std::copy_n(steps.get() + used[i] * length, length, steps.get() + i * length);
  }
  return steps;
}

// P/(2(P−1)) Σ (u_p − u_{p−1})(u_p − u_{p−1})ᵀ over the bins that are used.
DRIFT_VECTORISED std::vector<double> MeasuredCovariance(const FeatureBins& bins) {
  const std::size_t size = bins.used.size(), panes = bins.view.slots, length = RoundedUp(panes - 1);
  const std::unique_ptr<double[]> steps = StepsOfPanes(bins, length);
  const double scale = static_cast<double>(panes) / (2.0 * static_cast<double>(panes - 1));
  std::vector<double> covariance(size * size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j <= i; j += kFour) {
      Four products;
      ProductsOfFour(&steps[i * length], &steps[j * length], length, products);
      for (std::size_t lane = 0; lane < kFour && j + lane <= i; ++lane) {
        covariance[i * size + j + lane] = covariance[(j + lane) * size + i] = scale * products[lane];
      }
    }
  }
  return covariance;
}

// The measured covariance, and by how much it is larger than the model form.
void MeasureByPanes(const FeatureBins& bins, BinEstimate& estimate) {
  estimate.covariance = MeasuredCovariance(bins);
  const std::vector<double> model = ModelVariances(bins);
  double model_trace = 0, trace = 0;
  for (std::size_t i = 0; i < estimate.size(); ++i) {
    model_trace += model[i] / estimate.smooth[i];
    trace += estimate.covariance[i * estimate.size() + i] / estimate.smooth[i];
  }
  if (model_trace > 0) estimate.design_effect = trace / model_trace;
}

// The rows of a plain random sample that would tell as much about the missing share. MISSING, where in use, is the
// last bin.
double MissingSamples(const BinEstimate& estimate, std::uint32_t missing_bin) {
  if (estimate.bins.empty() || estimate.bins.back() != missing_bin) return 0;
  const double variance = estimate.covariance.back(), q = estimate.missing;
  return variance > 0 ? q * (1 - q) / variance : 0;
}

}  // namespace

std::vector<double> Smooth(std::span<const double> shares, double rows) {
  const double half_bins = static_cast<double>(shares.size()) / 2;
  std::vector<double> smooth;
  smooth.reserve(shares.size());
  for (const double share : shares) smooth.push_back((share * rows + 0.5) / (rows + half_bins));
  return smooth;
}

BinEstimate EstimateBins(const View& view, std::size_t feature, const ReferenceSums& reference) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const std::size_t offset = view.layout->bin_offset(feature);
  const double* const total = view.moments.total(offset);
  BinEstimate estimate;
  estimate.rows = reference.rows;
  estimate.effective_rows = reference.effective_rows;
  estimate.kept = view.kept;
  estimate.kish = view.kish;
  estimate.reference_missing = reference.shares[layout.missing_bin()];
  estimate.missing = total[layout.missing_bin()];
  estimate.bins.reserve(layout.bins());
  estimate.reference.reserve(layout.bins());
  estimate.current.reserve(layout.bins());
  for (std::uint32_t b = 0; b < layout.bins(); ++b) {
    if (reference.shares[b] <= 0 && total[b] <= 0) continue;
    estimate.bins.push_back(b);
    estimate.reference.push_back(reference.shares[b]);
    estimate.current.push_back(total[b]);
  }
  estimate.smooth = Smooth(estimate.reference, estimate.rows);
  const FeatureBins bins{view, offset, estimate.bins};
  estimate.measured = view.slots >= kMeasuredPanes;
  if (estimate.measured) {
    MeasureByPanes(bins, estimate);
  } else {
    estimate.covariance = ModelCovariance(bins);
  }
  estimate.missing_samples = MissingSamples(estimate, layout.missing_bin());
  return estimate;
}

}  // namespace drift
