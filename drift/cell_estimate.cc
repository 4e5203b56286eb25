// EstimateCells(): weighted shares of the cells of one feature and the variances that its KS test needs.

#include <algorithm>
#include <cmath>
#include <numeric>

#include "drift/ks.h"

namespace drift {
namespace {

// Weighted cell counts of one feature in one group, rows whose value is missing left out.
struct GroupCells {
  std::vector<double> rows;     // Σ w k per cell = N_g · f_g
  std::vector<double> squares;  // Σ w² k per cell; empty where one weight serves the group
  double one_weight = 0;        // … which is then this
  double weight = 0;            // W_g among the rows with a value
  double kept = 0;              // n_g with a value
  double seen = 0;              // N_g with a value
};

class FeatureCells {
 public:
  FeatureCells(const View& view, std::size_t feature)
      : view_(view),
        feature_(feature),
        offset_(view.layout->cell_offset(feature)),
        cells_(view.layout->feature(feature).cells() - 1),
        groups_(view.groups.size()) {
    CountRows();
    Fill();
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
  void CountRows() {
    for (const Term& term : view_.terms) {
      if (term.weight <= 0) continue;
      GroupCells& group = groups_[term.group];
      const double rows = static_cast<double>(term.pane->kept) - missing(term);
      group.kept += rows;
      group.seen += term.weight * rows;
      kept_ += rows;
      seen_ += term.weight * rows;
      weight_squares_ += term.weight * term.weight * rows;
      if (group.one_weight == 0) group.one_weight = term.weight;
      if (group.one_weight != term.weight) group.squares.resize(cells_, 0);
    }
    for (GroupCells& group : groups_) {
      group.rows.resize(cells_, 0);
      group.weight = seen_ > 0 ? group.seen / seen_ : 0;
    }
  }

  void Fill() {
    for (const CellClass& cells : view_.classes) {
      GroupCells& group = groups_[cells.group];
      const std::uint64_t* counts = &cells.counts[offset_];
      for (std::size_t b = 0; b < cells_; ++b) group.rows[b] += cells.weight * static_cast<double>(counts[b]);
      for (std::size_t b = 0; b < group.squares.size(); ++b) {
        group.squares[b] += cells.weight * cells.weight * static_cast<double>(counts[b]);
      }
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
      const LooseCells& loose = view_.loose[g];
      if (loose.weighted.empty()) continue;
      for (std::size_t b = 0; b < cells_; ++b) groups_[g].rows[b] += loose.weighted[offset_ + b];
      for (std::size_t b = 0; b < groups_[g].squares.size(); ++b) groups_[g].squares[b] += loose.squared[offset_ + b];
    }
  }

  const View& view_;
  const std::size_t feature_, offset_, cells_;
  std::vector<GroupCells> groups_;
  double seen_ = 0, kept_ = 0, weight_squares_ = 0;
};

// Adds W_g² n_g/(n_g−1) (S(x)(1 − 2F(x)) + S F(x)²) + (W_g/N) F(x)² at every cell end.
void AddVariance(const GroupCells& group, double mix, std::vector<double>& variance) {
  const double scale = group.weight * group.weight * group.kept / std::max(group.kept - 1, 1.0);
  const double share = 1 / group.seen, square_share = share * share;
  if (group.squares.empty()) {  // S(x) = S · F(x)
    const double sum = scale * group.one_weight * share;
    double below = 0;
    for (std::size_t b = 0; b < variance.size(); ++b) {
      below += group.rows[b] * share;
      variance[b] += sum * below * (1 - below) + mix * group.weight * below * below;
    }
    return;
  }
  const double sum = std::accumulate(group.squares.begin(), group.squares.end(), 0.0) * square_share;
  double below = 0, square = 0;
  for (std::size_t b = 0; b < variance.size(); ++b) {
    below += group.rows[b] * share;
    square += group.squares[b] * square_share;
    variance[b] += scale * (square * (1 - 2 * below) + sum * below * below) + mix * group.weight * below * below;
  }
}

// V(x) = Var F̂(x) − Ĝ(x) at every cell end, model form.
std::vector<double> Variances(const FeatureCells& cells, const View& view, const CellEstimate& estimate) {
  std::vector<double> variance(cells.cells(), 0);
  const double mix = view.mix_known && cells.seen() > 0 ? 1 / cells.seen() : 0;
  for (const GroupCells& group : cells.groups()) {
    if (group.seen > 0) AddVariance(group, mix, variance);
  }
  double reference = 0, current = 0;
  const double scale = 1 / estimate.effective_rows;
  for (std::size_t b = 0; b < cells.cells(); ++b) {
    reference += estimate.reference[b];
    current += estimate.current[b];
    variance[b] += std::max(0.0, reference * (1 - reference)) * scale - mix * current * current;
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
      for (; cell < layout.bin_end(static_cast<std::uint32_t>(j)); ++cell) sum += cells.groups()[g].rows[cell];
      below[g * ends + j] = cells.groups()[g].seen > 0 ? sum / cells.groups()[g].seen : 0;
      total[j] += cells.groups()[g].weight * below[g * ends + j];
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
  for (std::size_t at = ends; at < pull.size(); ++at) {
    const double step = pull[at] - pull[at - ends];
    sum += step * step;
  }
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
  estimate.reference.resize(cells.cells());
  for (std::size_t b = 0; b < cells.cells(); ++b) {
    estimate.reference[b] = static_cast<double>(estimate.reference_counts[b]) / estimate.rows;
  }
  estimate.current.resize(cells.cells(), 0);
  const double share = 1 / cells.seen();
  for (const GroupCells& group : cells.groups()) {
    for (std::size_t b = 0; b < cells.cells(); ++b) estimate.current[b] += group.rows[b] * share;
  }
  if (view.equal_weights) estimate.current_counts = PlainCounts(view, feature, cells.cells());
  const std::vector<double> variance = Variances(cells, view, estimate);
  estimate.largest_variance = std::max(0.0, *std::max_element(variance.begin(), variance.end()));
  estimate.design_effect = DesignEffect(cells, view, feature, estimate, variance);
  return estimate;
}

}  // namespace drift
