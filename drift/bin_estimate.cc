#include "drift/bin_estimate.h"

#include <algorithm>
#include <numeric>

namespace drift {
namespace {

// First and second weighted moments of the bins of one feature, per group.
class Moments {
 public:
  Moments(const View& view, std::size_t feature)
      : view_(view),
        offset_(view.layout->bin_offset(feature)),
        bins_(view.layout->feature(feature).bins()),
        shares_(view.groups.size() * bins_, 0),
        squares_(view.groups.size() * bins_, 0),
        total_(bins_, 0) {
    for (const Term& term : view.terms) Add(term);
    for (std::size_t g = 0; g < view.groups.size(); ++g) Scale(g);
  }

  std::size_t bins() const { return bins_; }
  const std::vector<double>& total() const { return total_; }  // q̂
  double share(std::size_t group, std::size_t bin) const { return shares_[group * bins_ + bin]; }     // f_g
  double square(std::size_t group, std::size_t bin) const { return squares_[group * bins_ + bin]; }   // s_g
  const double* shares(std::size_t group) const { return &shares_[group * bins_]; }
  std::span<const std::uint32_t> counts(const Term& term) const {
    return std::span<const std::uint32_t>(term.pane->bins).subspan(offset_, bins_);
  }

 private:
  void Add(const Term& term) {
    if (term.weight <= 0) return;
    const std::uint32_t* const counts = this->counts(term).data();
    double* const shares = &shares_[term.group * bins_];
    double* const squares = &squares_[term.group * bins_];
    for (std::size_t b = 0; b < bins_; ++b) {
      const double weighted = term.weight * counts[b];
      shares[b] += weighted;
      squares[b] += term.weight * weighted;
    }
  }

  void Scale(std::size_t group) {
    const double seen = view_.groups[group].seen;
    if (seen <= 0) return;
    for (std::size_t b = 0; b < bins_; ++b) {
      shares_[group * bins_ + b] /= seen;
      squares_[group * bins_ + b] /= seen * seen;
      total_[b] += view_.groups[group].share * shares_[group * bins_ + b];
    }
  }

  const View& view_;
  const std::size_t offset_, bins_;
  std::vector<double> shares_, squares_, total_;
};

// Σ_g W_g² n_g/(n_g−1) C_g + (1/N)(Σ_g W_g f_g f_gᵀ − q̂ q̂ᵀ), over the bins that are used.
std::vector<double> ModelCovariance(const View& view, const Moments& moments, std::span<const std::uint32_t> used) {
  const std::size_t size = used.size();
  std::vector<double> covariance(size * size, 0);
  const double mix = view.mix_known && view.seen > 0 ? 1 / view.seen : 0;
  for (std::size_t g = 0; g < view.groups.size(); ++g) {
    const Group& group = view.groups[g];
    const double scale = group.share * group.share * group.kept / std::max(group.kept - 1, 1.0);
    double sum = 0;
    for (std::size_t b = 0; b < moments.bins(); ++b) sum += moments.square(g, b);
    for (std::size_t i = 0; i < size; ++i) {
      const double f = moments.share(g, used[i]), s = moments.square(g, used[i]);
      covariance[i * size + i] += scale * s;
      for (std::size_t j = 0; j < size; ++j) {
        const double f2 = moments.share(g, used[j]), s2 = moments.square(g, used[j]);
        covariance[i * size + j] += scale * (sum * f * f2 - s * f2 - f * s2) + mix * group.share * f * f2;
      }
    }
  }
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < size; ++j) {
      covariance[i * size + j] -= mix * moments.total()[used[i]] * moments.total()[used[j]];
    }
  }
  return covariance;
}

// u_p of every pane with rows: how far the pane pulls q̂. All bins, so that the loops are plain.
std::vector<double> PanePulls(const View& view, const Moments& moments) {
  const std::size_t bins = moments.bins();
  std::vector<double> pulls(view.slots * bins, 0);
  const double* const total = moments.total().data();
  const double share = 1 / view.seen;
  for (const Term& term : view.terms) {
    double* const pull = &pulls[term.slot * bins];
    const double* const shares = moments.shares(term.group);
    const double weight = term.weight * share, seen = term.seen * share;
    const double kept = weight * static_cast<double>(term.pane->kept);
    for (std::size_t b = 0; b < bins; ++b) pull[b] += seen * (shares[b] - total[b]) - kept * shares[b];
    if (weight <= 0) continue;
    const std::uint32_t* const counts = moments.counts(term).data();
    // As int32, which converts faster: a pane has fewer rows.
    for (std::size_t b = 0; b < bins; ++b) pull[b] += weight * static_cast<std::int32_t>(counts[b]);
  }
  return pulls;
}

// P/(2(P−1)) Σ (u_p − u_{p−1})(u_p − u_{p−1})ᵀ over the bins that are used.
std::vector<double> MeasuredCovariance(const std::vector<double>& pulls, std::size_t bins,
                                       std::span<const std::uint32_t> used) {
  const std::size_t panes = pulls.size() / bins;
  std::vector<double> all(bins * bins, 0), step(bins);
  double* const steps = step.data();
  for (std::size_t p = 1; p < panes; ++p) {
    const double* const pull = &pulls[p * bins];
    for (std::size_t b = 0; b < bins; ++b) steps[b] = pull[b] - (pull - bins)[b];
    for (std::size_t i = 0; i < bins; ++i) {
      double* const row = &all[i * bins];
      for (std::size_t j = 0; j <= i; ++j) row[j] += steps[i] * steps[j];
    }
  }
  const double scale = static_cast<double>(panes) / (2.0 * static_cast<double>(panes - 1));
  std::vector<double> covariance;
  covariance.reserve(used.size() * used.size());
  for (const std::uint32_t i : used) {
    for (const std::uint32_t j : used) covariance.push_back(scale * all[std::max(i, j) * bins + std::min(i, j)]);
  }
  return covariance;
}

double Trace(std::span<const double> covariance, std::span<const double> diagonal) {
  double trace = 0;
  for (std::size_t i = 0; i < diagonal.size(); ++i) trace += covariance[i * diagonal.size() + i] / diagonal[i];
  return trace;
}

void SumWeights(const View& view, BinEstimate& estimate) {
  double sum = 0, squares = 0;
  for (const Term& term : view.terms) {
    const double weighted = term.weight * static_cast<double>(term.pane->kept);
    sum += weighted;
    squares += term.weight * weighted;
  }
  estimate.kept = view.kept;
  estimate.kish = squares > 0 ? sum * sum / squares : 0;
}

// Puts the measured covariance in the place of the model form.
void MeasureByPanes(const View& view, const Moments& moments, BinEstimate& estimate) {
  std::vector<double> measured = MeasuredCovariance(PanePulls(view, moments), moments.bins(), estimate.bins);
  const std::vector<double> smooth = Smooth(estimate.reference, estimate.rows);
  const double model_trace = Trace(estimate.covariance, smooth);
  if (model_trace > 0) estimate.design_effect = Trace(measured, smooth) / model_trace;
  estimate.covariance = std::move(measured);
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

std::vector<double> ReferenceShares(const FeatureLayout& layout, const ReferenceCounts& reference) {
  std::vector<double> shares(layout.bins(), 0);
  const std::uint64_t* cell = reference.cells.data();
  for (std::uint32_t bin = 0; bin < layout.bins(); ++bin) {
    const std::uint64_t* const end = reference.cells.data() + layout.bin_end(bin);
    shares[bin] = static_cast<double>(std::accumulate(cell, end, std::uint64_t{0})) / reference.rows;
    cell = end;
  }
  return shares;
}

BinEstimate EstimateBins(const View& view, std::size_t feature, const ReferenceCounts& reference) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const Moments moments(view, feature);
  const std::vector<double> shares = ReferenceShares(layout, reference);
  BinEstimate estimate;
  estimate.rows = reference.rows;
  estimate.effective_rows = reference.effective_rows;
  SumWeights(view, estimate);
  estimate.reference_missing = shares[layout.missing_bin()];
  estimate.missing = moments.total()[layout.missing_bin()];
  for (std::uint32_t b = 0; b < layout.bins(); ++b) {
    if (shares[b] <= 0 && moments.total()[b] <= 0) continue;
    estimate.bins.push_back(b);
    estimate.reference.push_back(shares[b]);
    estimate.current.push_back(moments.total()[b]);
  }
  estimate.covariance = ModelCovariance(view, moments, estimate.bins);
  estimate.measured = view.slots >= kMeasuredPanes;
  if (estimate.measured) MeasureByPanes(view, moments, estimate);
  estimate.missing_samples = MissingSamples(estimate, layout.missing_bin());
  return estimate;
}

}  // namespace drift
