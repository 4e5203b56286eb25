#include "drift/cell_estimate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "drift/feature_cells.h"
#include "drift/present_rows.h"
#include "drift/vectorised.h"

namespace drift {
namespace {

// F at the ends of the cells, and V(x) = Var F̂(x) there, model form: the sums over the groups, without − F²/N.
struct Estimated {
  UnsetDoubles below;
  std::vector<double> variance;
};

// Adds W_g f and W_g² n_g/(n_g−1) (S(x)(1 − 2f) + S f²) + (W_g/N) f², f being F_g(x). `squares`: Σ w² k of every
// cell; empty where one weight serves the group, since then S(x) = S f.
DRIFT_VECTORISED void AddGroup(const PresentGroup& group, std::span<const double> shares,
                               std::span<const double> squares, double mix, Estimated& estimated) {
  const double scale = group.weight * group.weight * group.kept / std::max(group.kept - 1, 1.0);
  const double weight = group.weight, mixed = mix * group.weight;
  const double* const share = shares.data();
  double *const below = estimated.below.data(), *const variance = estimated.variance.data();
  if (squares.empty()) {
    const double linear = scale * group.one_weight / group.seen, quadratic = mixed - linear;
    for (std::size_t b = 0; b < shares.size(); ++b) {
      const double f = share[b];
      below[b] += weight * f;
      variance[b] += f * (linear + quadratic * f);
    }
    return;
  }
  const double square_share = 1 / (group.seen * group.seen);
  const double sum = std::accumulate(squares.begin(), squares.end(), 0.0) * square_share;
  double square = 0;
  for (std::size_t b = 0; b < shares.size(); ++b) {
    const double f = share[b];
    square += squares[b] * square_share;
    below[b] += weight * f;
    variance[b] += scale * (square * (1 - 2 * f) + sum * f * f) + mixed * f * f;
  }
}

// Calls `take` with the last cell of every inner bin: of all but the last numeric one, whose share below its end is 1,
// and MISSING.
template <typename Take>
void ForInnerBins(const FeatureLayout& layout, Take take) {
  for (std::uint32_t bin = 0; bin + 2 < layout.bins(); ++bin) take(layout.bin_end(bin) - 1);
}

std::vector<double> AtInnerBins(const FeatureLayout& layout, std::span<const double> below, double rows) {
  std::vector<double> shares;
  ForInnerBins(layout, [&](std::uint32_t cell) { shares.push_back(below[cell] / rows); });
  return shares;
}

Estimated EstimateGroups(const FeatureLayout& layout, const FeatureCells& cells, double mix, PresentRows& rows) {
  Estimated estimated = {UnsetDoubles(cells.size(), 0.0), std::vector<double>(cells.size())};
  UnsetDoubles shares;
  for (std::size_t g = 0; g < rows.groups().size(); ++g) {
    PresentGroup& group = rows.groups()[g];
    if (!rows.none_missing()) group.at_ends.assign(layout.bins() - 2, 0);
    if (!(group.seen > 0)) continue;
    cells.ShareBelow(g, group.seen, shares);
    if (!rows.none_missing()) group.at_ends = AtInnerBins(layout, shares, 1);
    AddGroup(group, shares, group.several_weights ? cells.Squares(g) : std::vector<double>(), mix, estimated);
  }
  return estimated;
}

// V(F̂ − Ĝ) at the end of a cell: that of the groups − F²/N, and the reference's own.
struct VarianceOfDifference {
  double mix, reference_share, by_reference;

  template <typename Number>
  void operator()(const Number& of_groups, const Number& below, const Number& reference_rows, Number& variance) const {
    const Number g = reference_rows * reference_share;
    variance = of_groups - mix * below * below + g * (1 - g) * by_reference;
  }
};

// At the end of any cell, and at least 0.
DRIFT_VECTORISED double LargestVariance(const VarianceOfDifference& variance_at, const Estimated& estimated,
                                        std::span<const double> reference_below) {
  const double *const of_groups = estimated.variance.data(), *const below = estimated.below.data();
  const double* const reference = reference_below.data();
  const std::size_t cells = reference_below.size();
  Four most = {};
  std::size_t b = 0;
  for (; b + kFour <= cells; b += kFour) {
    Four variance;
    variance_at(Four(Loaded(of_groups + b)), Four(Loaded(below + b)), Four(Loaded(reference + b)), variance);
    KeepLarger(variance, most);
  }
  double largest = Largest(most);
  for (; b < cells; ++b) {
    double variance;
    variance_at(of_groups[b], below[b], reference[b], variance);
    largest = std::max(largest, variance);
  }
  return largest;
}

// Σ over the inner bin ends of the variance of F̂ as the panes' differences show it.
double MeasuredVariance(const PresentRows& rows, const View& view, std::size_t feature) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const std::size_t ends = layout.bins() - 2;  // without the last numeric bin's, which is 1, and MISSING
  std::vector<double> total(ends, 0), pull(view.slots * ends, 0);
  for (const PresentGroup& group : rows.groups()) {
    for (std::size_t j = 0; j < ends; ++j) total[j] += group.weight * group.at_ends[j];
  }
  for (const Term& term : view.terms) {
    const PresentGroup& group = rows.groups()[term.group];
    const double seen = view.groups[term.group].seen > 0 ? term.seen * group.seen / view.groups[term.group].seen : 0;
    const double kept = static_cast<double>(term.pane->kept) - rows.missing(term);
    const double weight = term.weight / rows.seen(), stands = seen / rows.seen();
    const std::uint32_t* const bins =
        term.weight > 0 ? &term.pane->bins[view.layout->bin_offset(feature)] : nullptr;
    const double* const shares = group.at_ends.data();
    double* const pulls = &pull[term.slot * ends];
    double count = 0;
    for (std::size_t j = 0; j < ends; ++j) {
      if (bins != nullptr) {
        count += bins[j];
        pulls[j] += weight * (count - kept * shares[j]);
      }
      pulls[j] += stands * (shares[j] - total.data()[j]);
    }
  }
  double sum = 0;
  for (std::size_t at = ends; at < pull.size(); ++at) {
    const double step = pull[at] - pull[at - ends];
    sum += step * step;
  }
  const auto panes = static_cast<double>(view.slots);
  return sum * panes / (2 * (panes - 1));
}

// The same where no row lacks a value, from the measured covariance of the bins: those up to an end, added up.
double MeasuredVariance(const FeatureLayout& layout, const BinEstimate& bins) {
  const std::size_t size = bins.size();
  double sum = 0, below = 0;  // below: of all bins up to i
  for (std::size_t i = 0; i < size && bins.bins[i] + 2 < layout.bins(); ++i) {
    for (std::size_t j = 0; j < i; ++j) below += 2 * bins.covariance[i * size + j];
    below += bins.covariance[i * size + i];
    const std::uint32_t next = i + 1 < size ? bins.bins[i + 1] : layout.bins() - 1;
    sum += below * (std::min(next, layout.bins() - 2) - bins.bins[i]);  // the ends of the empty bins that follow, too
  }
  return sum;
}

// δ: both sums hold the reference's own variance too. `variance`: of F̂ − Ĝ at the end of a cell.
template <typename Variance>
double DesignEffect(const PresentRows& rows, const View& view, std::size_t feature, const CellEstimate& estimate,
                    const BinEstimate& bins, const Variance& variance) {
  const FeatureLayout& layout = view.layout->feature(feature);
  if (!bins.measured || layout.bins() < 3) return 1;
  double model = 0, reference = 0;
  ForInnerBins(layout, [&](std::uint32_t cell) {
    const double below = estimate.G(cell);
    model += variance(cell);
    reference += below * (1 - below) / estimate.effective_rows;
  });
  if (!(model > 0)) return 1;
  const double measured = rows.none_missing() ? MeasuredVariance(layout, bins) : MeasuredVariance(rows, view, feature);
  return std::max(1.0, (measured + reference) / model);
}

// Where all rows weigh the same in one group: a plain sample.
void FillPlain(const View& view, std::size_t feature, const BinEstimate& bins, PresentRows& rows,
               CellEstimate& estimate) {
  FeatureCells(view, feature).CountBelow(estimate.current_below);
  estimate.current_rows = estimate.kept;
  if (!rows.none_missing()) {
    const FeatureLayout& layout = view.layout->feature(feature);
    rows.groups()[0].at_ends = AtInnerBins(layout, estimate.current_below, estimate.kept);
  }
  const double by_traffic = 1 / std::max(estimate.kept - 1, 1.0), by_reference = 1 / estimate.effective_rows;
  estimate.design_effect = DesignEffect(rows, view, feature, estimate, bins, [&](std::size_t b) {
    const double f = estimate.F(b), g = estimate.G(b);
    return f * (1 - f) * by_traffic + g * (1 - g) * by_reference;
  });
}

void FillGroups(const View& view, std::size_t feature, const BinEstimate& bins, PresentRows& rows,
                CellEstimate& estimate) {
  const FeatureCells cells(view, feature);
  const double mix = view.mix_known && rows.seen() > 0 ? 1 / rows.seen() : 0;
  Estimated estimated = EstimateGroups(view.layout->feature(feature), cells, mix, rows);
  const VarianceOfDifference variance_at = {mix, 1 / estimate.rows, 1 / estimate.effective_rows};
  estimate.design_effect = DesignEffect(rows, view, feature, estimate, bins, [&](std::size_t cell) {
    double variance;
    variance_at(estimated.variance[cell], estimated.below[cell], estimate.reference_below[cell], variance);
    return variance;
  });
  estimate.largest_variance = LargestVariance(variance_at, estimated, estimate.reference_below);
  estimate.current_below = std::move(estimated.below);
  estimate.current_rows = 1;
  if (!estimate.equal_weights) return;
  cells.CountBelow(estimate.current_below);
  estimate.current_rows = estimate.kept;
}

}  // namespace

std::optional<CellEstimate> EstimateCells(const View& view, std::size_t feature, const ReferenceSums& reference,
                                          const BinEstimate& bins) {
  PresentRows rows(view, feature);
  if (reference.present <= 0 || rows.kept() <= 0) return std::nullopt;
  CellEstimate estimate;
  estimate.reference_below = reference.below;
  estimate.equal_weights = view.equal_weights;
  estimate.rows = reference.present;
  estimate.effective_rows = reference.effective_rows * reference.present / reference.rows;
  estimate.kept = rows.kept();
  estimate.kish = rows.kish();
  if (view.equal_weights && view.groups.size() == 1) {
    FillPlain(view, feature, bins, rows, estimate);
  } else {
    FillGroups(view, feature, bins, rows, estimate);
  }
  return estimate;
}

}  // namespace drift
