// EstimateCells(): weighted shares of the cells of one feature and the variances that its KS test needs.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drift/ks.h"

namespace drift {
namespace {

// Weighted cell counts of one feature per group, rows whose value is missing left out.
struct GroupCells {
  std::vector<double> share;   // f_g per cell
  std::vector<double> square;  // s_g per cell
  double weight = 0;           // W_g among the rows with a value
  double kept = 0;             // n_g with a value
  double seen = 0;             // N_g with a value
};

class FeatureCells {
 public:
  FeatureCells(const View& view, std::size_t feature)
      : view_(view),
        feature_(feature),
        offset_(view.layout->cell_offset(feature)),
        cells_(view.layout->feature(feature).cells() - 1),
        groups_(view.groups.size()) {
    for (GroupCells& group : groups_) {
      group.share.resize(cells_, 0);
      group.square.resize(cells_, 0);
    }
    Fill();
    CountRows();
    Scale();
  }

  std::size_t cells() const { return cells_; }
  const std::vector<GroupCells>& groups() const { return groups_; }
  double seen() const { return seen_; }    // N with a value
  double kept() const { return kept_; }
  double kish() const { return weight_squares_ > 0 ? seen_ * seen_ / weight_squares_ : 0; }
  std::uint32_t missing(const Term& term) const {
    return term.pane->kept == 0
               ? 0
               : term.pane->bins[view_.layout->bin_offset(feature_) + view_.layout->feature(feature_).missing_bin()];
  }

 private:
  void Fill() {
    for (const CellClass& cells : view_.classes) {
      GroupCells& group = groups_[cells.group];
      for (std::size_t b = 0; b < cells_; ++b) {
        const double weighted = cells.weight * static_cast<double>(cells.counts[offset_ + b]);
        group.share[b] += weighted;
        group.square[b] += cells.weight * weighted;
      }
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const LooseCells& loose = view_.loose[g];
      for (std::size_t b = 0; b < cells_ && !loose.weighted.empty(); ++b) {
        groups_[g].share[b] += loose.weighted[offset_ + b];
        groups_[g].square[b] += loose.squared[offset_ + b];
      }
    }
  }

  void CountRows() {
    for (const Term& term : view_.terms) {
      if (term.weight <= 0) continue;
      const double rows = static_cast<double>(term.pane->kept) - missing(term);
      groups_[term.group].kept += rows;
      groups_[term.group].seen += term.weight * rows;
      kept_ += rows;
      seen_ += term.weight * rows;
      weight_squares_ += term.weight * term.weight * rows;
    }
  }

  void Scale() {
    for (GroupCells& group : groups_) {
      if (group.seen <= 0) continue;
      group.weight = group.seen / seen_;
      for (std::size_t b = 0; b < cells_; ++b) {
        group.share[b] /= group.seen;
        group.square[b] /= group.seen * group.seen;
      }
    }
  }

  const View& view_;
  const std::size_t feature_, offset_, cells_;
  std::vector<GroupCells> groups_;
  double seen_ = 0, kept_ = 0, weight_squares_ = 0;
};

// V(x) = Var F̂(x) − Ĝ(x) at every cell end, model form.
std::vector<double> Variances(const FeatureCells& cells, const View& view, const CellEstimate& estimate) {
  std::vector<double> variance(cells.cells(), 0), total(cells.cells(), 0);
  const double mix = view.mix_known && cells.seen() > 0 ? 1 / cells.seen() : 0;
  for (const GroupCells& group : cells.groups()) {
    if (group.seen <= 0) continue;
    const double scale = group.weight * group.weight * group.kept / std::max(group.kept - 1, 1.0);
    const double all = std::accumulate(group.square.begin(), group.square.end(), 0.0);
    double below = 0, square = 0;
    for (std::size_t b = 0; b < cells.cells(); ++b) {
      below += group.share[b];
      square += group.square[b];
      variance[b] += scale * (square * (1 - 2 * below) + all * below * below) + mix * group.weight * below * below;
      total[b] += group.weight * below;
    }
  }
  double reference = 0;
  for (std::size_t b = 0; b < cells.cells(); ++b) {
    reference += estimate.reference[b];
    variance[b] += std::max(0.0, reference * (1 - reference)) / estimate.effective_rows - mix * total[b] * total[b];
  }
  return variance;
}

// Σ over the inner bin ends of the variance of F̂ as the panes' differences show it.
double MeasuredVariance(const FeatureCells& cells, const View& view, std::size_t feature) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const std::size_t ends = layout.bins() - 2;  // without the last numeric bin's, which is 1, and MISSING
  std::vector<double> below(cells.groups().size() * ends, 0), total(ends, 0), pull(view.slots * ends, 0);
  for (std::size_t g = 0; g < cells.groups().size(); ++g) {
    double sum = 0;
    std::size_t cell = 0;
    for (std::size_t j = 0; j < ends; ++j) {
      for (; cell < layout.bin_end(static_cast<std::uint32_t>(j)); ++cell) sum += cells.groups()[g].share[cell];
      below[g * ends + j] = sum;
      total[j] += cells.groups()[g].weight * sum;
    }
  }
  for (const Term& term : view.terms) {
    const GroupCells& group = cells.groups()[term.group];
    const double seen = view.groups[term.group].seen > 0 ? term.seen * group.seen / view.groups[term.group].seen : 0;
    const double kept = static_cast<double>(term.pane->kept) - cells.missing(term);
    double count = 0;
    for (std::size_t j = 0; j < ends; ++j) {
      const double f = below[term.group * ends + j];
      if (term.weight > 0) {
        count += term.pane->bins[view.layout->bin_offset(feature) + j];
        pull[term.slot * ends + j] += term.weight * (count - kept * f) / cells.seen();
      }
      pull[term.slot * ends + j] += seen * (f - total[j]) / cells.seen();
    }
  }
  double sum = 0;
  for (std::size_t at = ends; at < pull.size(); ++at) sum += (pull[at] - pull[at - ends]) * (pull[at] - pull[at - ends]);
  const auto panes = static_cast<double>(view.slots);
  return sum * panes / (2 * (panes - 1));
}

// δ: both sums hold the reference's own variance too.
double DesignEffect(const FeatureCells& cells, const View& view, std::size_t feature, const CellEstimate& estimate,
                    std::span<const double> variance) {
  const FeatureLayout& layout = view.layout->feature(feature);
  if (view.slots < kMeasuredPanes || layout.bins() < 3) return 1;
  double model = 0, reference = 0, below = 0;
  std::size_t cell = 0;
  for (std::uint32_t bin = 0; bin + 2 < layout.bins(); ++bin) {
    for (; cell < layout.bin_end(bin); ++cell) below += estimate.reference[cell];
    model += variance[layout.bin_end(bin) - 1];
    reference += std::max(0.0, below * (1 - below)) / estimate.effective_rows;
  }
  if (!(model > 0)) return 1;
  return std::max(1.0, (MeasuredVariance(cells, view, feature) + reference) / model);
}

// The plain counts, where every kept row weighs the same.
std::vector<std::uint64_t> PlainCounts(const View& view, std::size_t feature, std::size_t cells) {
  std::vector<std::uint64_t> counts(cells, 0);
  const std::size_t offset = view.layout->cell_offset(feature);
  double weight = 0;
  for (const Term& term : view.terms) weight = std::max(weight, term.weight);
  for (const CellClass& from : view.classes) {
    for (std::size_t b = 0; b < cells; ++b) counts[b] += from.counts[offset + b];
  }
  for (const LooseCells& loose : view.loose) {
    for (std::size_t b = 0; b < cells && !loose.weighted.empty(); ++b) {
      counts[b] += static_cast<std::uint64_t>(std::llround(loose.weighted[offset + b] / weight));
    }
  }
  return counts;
}

}  // namespace

std::optional<CellEstimate> EstimateCells(const View& view, std::size_t feature, const ReferenceCounts& reference) {
  const FeatureCells cells(view, feature);
  CellEstimate estimate;
  const double missing = static_cast<double>(reference.cells.back());
  estimate.rows = reference.rows - missing;
  if (estimate.rows <= 0 || cells.kept() <= 0) return std::nullopt;
  estimate.effective_rows = reference.effective_rows * estimate.rows / reference.rows;
  estimate.kept = cells.kept();
  estimate.kish = cells.kish();
  estimate.reference_counts.assign(reference.cells.begin(), reference.cells.end() - 1);
  for (const std::uint64_t count : estimate.reference_counts) {
    estimate.reference.push_back(static_cast<double>(count) / estimate.rows);
  }
  estimate.current.resize(cells.cells(), 0);
  for (const GroupCells& group : cells.groups()) {
    for (std::size_t b = 0; b < cells.cells(); ++b) estimate.current[b] += group.weight * group.share[b];
  }
  if (view.equal_weights) estimate.current_counts = PlainCounts(view, feature, cells.cells());
  const std::vector<double> variance = Variances(cells, view, estimate);
  estimate.largest_variance = std::max(0.0, *std::max_element(variance.begin(), variance.end()));
  estimate.design_effect = DesignEffect(cells, view, feature, estimate, variance);
  return estimate;
}

}  // namespace drift
