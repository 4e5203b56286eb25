// EstimateCells(): weighted shares of the cells of one feature and the variances that its KS test needs.

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>

#include "drift/ks.h"

namespace drift {
namespace {

// Weighted cell counts of one feature in one group, rows whose value is missing left out.
struct GroupCells {
  // Empty where all rows weigh the same in one group, whose counts say it all:
  std::vector<double> rows;     // Σ w k per cell = N_g · f_g
  std::vector<double> below;    // … and its sums up to every cell's end
  std::vector<double> squares;  // Σ w² k per cell; empty where one weight serves the group
  double one_weight = 0;        // … which is then this
  double weight = 0;            // W_g among the rows with a value
  double kept = 0;              // n_g with a value
  double seen = 0;              // N_g with a value
};

class FeatureCells {
 public:
  FeatureCells(const View& view, std::size_t feature, bool plain)
      : view_(view),
        feature_(feature),
        offset_(view.layout->cell_offset(feature)),
        cells_(view.layout->feature(feature).cells() - 1),
        groups_(view.groups.size()) {
    CountRows();
    if (!plain) Fill();
  }

  std::size_t cells() const { return cells_; }
  const std::vector<GroupCells>& groups() const { return groups_; }
  bool none_missing() const { return none_missing_; }
  double seen() const { return seen_; }    // N with a value
  double kept() const { return kept_; }
  double kish() const { return weight_squares_ > 0 ? seen_ * seen_ / weight_squares_ : 0; }
  std::uint32_t missing(const Term& term) const {
    return term.pane->kept == 0
               ? 0
               : term.pane->bins[view_.layout->bin_offset(feature_) + view_.layout->feature(feature_).missing_bin()];
  }

 private:
  // Without a missing value, the rows are those of the view.
  void CountRows() {
    none_missing_ = view_.moments.total[view_.layout->bin_offset(feature_) +
                                        view_.layout->feature(feature_).missing_bin()] == 0;
    if (none_missing_) {
      for (std::size_t g = 0; g < groups_.size(); ++g) TakeGroup(view_.groups[g], groups_[g]);
      weight_squares_ = view_.kish > 0 ? seen_ * seen_ / view_.kish : 0;
      return;
    }
    CountPresentRows();
  }

  void TakeGroup(const Group& from, GroupCells& group) {
    group.kept = from.kept;
    group.seen = from.seen;
    group.weight = from.share;
    group.one_weight = from.weight;
    if (from.several_weights) group.squares.resize(cells_, 0);
    kept_ += from.kept;
    seen_ += from.seen;
  }

  void CountPresentRows() {
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
    for (GroupCells& group : groups_) group.weight = seen_ > 0 ? group.seen / seen_ : 0;
  }

  void Fill() {
    for (GroupCells& group : groups_) group.rows.resize(cells_, 0);
    for (const CellClass& cells : view_.classes) {
      GroupCells& group = groups_[cells.group];
      const std::uint64_t* const counts = &cells.counts[offset_];
      double* const rows = group.rows.data();
      for (std::size_t b = 0; b < cells_; ++b) {  // counts of kept rows fit an int64, which converts faster
        rows[b] += cells.weight * static_cast<double>(static_cast<std::int64_t>(counts[b]));
      }
      for (std::size_t b = 0; b < group.squares.size(); ++b) {
        group.squares[b] += cells.weight * cells.weight * static_cast<double>(counts[b]);
      }
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) AddLoose(g);
    for (GroupCells& group : groups_) {
      group.below.resize(cells_);
      std::partial_sum(group.rows.begin(), group.rows.end(), group.below.begin());
    }
  }

  void AddLoose(std::size_t g) {
    const LooseCells& loose = view_.loose[g];
    if (loose.weighted.empty()) return;
    for (std::size_t b = 0; b < cells_; ++b) groups_[g].rows[b] += loose.weighted[offset_ + b];
    for (std::size_t b = 0; b < groups_[g].squares.size(); ++b) groups_[g].squares[b] += loose.squared[offset_ + b];
  }

  const View& view_;
  const std::size_t feature_, offset_, cells_;
  std::vector<GroupCells> groups_;
  bool none_missing_ = false;
  double seen_ = 0, kept_ = 0, weight_squares_ = 0;
};

// Adds W_g² n_g/(n_g−1) (S(x)(1 − 2F(x)) + S F(x)²) + (W_g/N) F(x)² at every cell end.
void AddVariance(const GroupCells& group, double mix, std::vector<double>& variance) {
  const double scale = group.weight * group.weight * group.kept / std::max(group.kept - 1, 1.0);
  const double share = 1 / group.seen, mixed = mix * group.weight;
  const double* const below = group.below.data();
  double* const at = variance.data();
  if (group.squares.empty()) {  // S(x) = S · F(x)
    const double sum = scale * group.one_weight * share;
    for (std::size_t b = 0; b < variance.size(); ++b) {
      const double f = below[b] * share;
      at[b] += f * (sum * (1 - f) + mixed * f);
    }
    return;
  }
  const double square_share = share * share;
  const double sum = std::accumulate(group.squares.begin(), group.squares.end(), 0.0) * square_share;
  double square = 0;
  for (std::size_t b = 0; b < variance.size(); ++b) {
    const double f = below[b] * share;
    square += group.squares[b] * square_share;
    at[b] += scale * (square * (1 - 2 * f) + sum * f * f) + mixed * f * f;
  }
}

// V(x) = Var F̂(x) − Ĝ(x) at every cell end, model form.
std::vector<double> Variances(const FeatureCells& cells, const View& view, const CellEstimate& estimate) {
  std::vector<double> variance(cells.cells(), 0);
  const double mix = view.mix_known && cells.seen() > 0 ? 1 / cells.seen() : 0;
  for (const GroupCells& group : cells.groups()) {
    if (group.seen > 0) AddVariance(group, mix, variance);
  }
  const double scale = 1 / estimate.effective_rows;
  const double *const g = estimate.reference_below.data(), *const f = estimate.current_below.data();
  double* const at = variance.data();
  for (std::size_t b = 0; b < cells.cells(); ++b) at[b] += g[b] * (1 - g[b]) * scale - mix * f[b] * f[b];
  return variance;
}

// The largest, and at least 0. Four at a time: one maximum would wait for the one before.
double Largest(const std::vector<double>& values) {
  std::array<double, 4> most = {0, 0, 0, 0};
  const double* const at = values.data();
  std::size_t b = 0;
  for (; b + 4 <= values.size(); b += 4) {
    for (std::size_t lane = 0; lane < 4; ++lane) most[lane] = most[lane] < at[b + lane] ? at[b + lane] : most[lane];
  }
  for (; b < values.size(); ++b) most[0] = std::max(most[0], at[b]);
  return std::max(std::max(most[0], most[1]), std::max(most[2], most[3]));
}

// Σ over the inner bin ends of the variance of F̂ as the panes' differences show it.
double MeasuredVariance(const FeatureCells& cells, const View& view, std::size_t feature,
                        const CellEstimate& estimate) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const std::size_t ends = layout.bins() - 2;  // without the last numeric bin's, which is 1, and MISSING
  std::vector<double> below(cells.groups().size() * ends, 0), total(ends, 0), pull(view.slots * ends, 0);
  for (std::size_t g = 0; g < cells.groups().size(); ++g) {
    const GroupCells& group = cells.groups()[g];
    for (std::size_t j = 0; j < ends; ++j) {
      const std::size_t last = layout.bin_end(static_cast<std::uint32_t>(j)) - 1;
      if (group.below.empty()) below[g * ends + j] = estimate.current_below[last];
      if (!group.below.empty() && group.seen > 0) below[g * ends + j] = group.below[last] / group.seen;
      total[j] += group.weight * below[g * ends + j];
    }
  }
  for (const Term& term : view.terms) {
    const GroupCells& group = cells.groups()[term.group];
    const double seen = view.groups[term.group].seen > 0 ? term.seen * group.seen / view.groups[term.group].seen : 0;
    const double kept = static_cast<double>(term.pane->kept) - cells.missing(term);
    const double weight = term.weight / cells.seen(), stands = seen / cells.seen();
    const std::uint32_t* const bins =
        term.weight > 0 ? &term.pane->bins[view.layout->bin_offset(feature)] : nullptr;
    const double* const shares = &below[term.group * ends];
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

// The same where no row lacks a value: the pulls of the bins, summed up.
double MeasuredVariance(const View& view, std::size_t feature) {
  const std::size_t ends = view.layout->feature(feature).bins() - 2, offset = view.layout->bin_offset(feature);
  double sum = 0;
  for (std::size_t slot = 1; slot < view.slots; ++slot) {
    const double *const pull = view.moments.pull(slot, offset), *const before = view.moments.pull(slot - 1, offset);
    double step = 0;
    for (std::size_t j = 0; j < ends; ++j) {
      step += pull[j] - before[j];
      sum += step * step;
    }
  }
  const auto panes = static_cast<double>(view.slots);
  return sum * panes / (2 * (panes - 1));
}

// δ: both sums hold the reference's own variance too.
double DesignEffect(const FeatureCells& cells, const View& view, std::size_t feature, const CellEstimate& estimate,
                    std::span<const double> variance) {
  const FeatureLayout& layout = view.layout->feature(feature);
  if (view.slots < kMeasuredPanes || layout.bins() < 3) return 1;
  double model = 0, reference = 0;
  for (std::uint32_t bin = 0; bin + 2 < layout.bins(); ++bin) {
    const double below = estimate.reference_below[layout.bin_end(bin) - 1];
    model += variance[layout.bin_end(bin) - 1];
    reference += below * (1 - below) / estimate.effective_rows;
  }
  if (!(model > 0)) return 1;
  const double measured = cells.none_missing() ? MeasuredVariance(view, feature)
                                               : MeasuredVariance(cells, view, feature, estimate);
  return std::max(1.0, (measured + reference) / model);
}

// The plain counts, where every kept row weighs the same.
void FillCounts(const View& view, std::size_t feature, std::size_t cells, CellEstimate& estimate) {
  const std::size_t offset = view.layout->cell_offset(feature);
  const bool loose = std::any_of(view.loose.begin(), view.loose.end(), [](const LooseCells& group) {
    return !group.weighted.empty();
  });
  if (view.classes.size() == 1 && !loose) {
    estimate.current_counts = view.classes.front().counts.subspan(offset, cells);
    return;
  }
  const auto counts = std::make_shared<std::vector<std::uint64_t>>(cells, 0);
  double weight = 0;
  for (const Term& term : view.terms) weight = std::max(weight, term.weight);
  for (const CellClass& from : view.classes) {
    std::transform(counts->begin(), counts->end(), &from.counts[offset], counts->begin(), std::plus<>());
  }
  for (const LooseCells& group : view.loose) {
    for (std::size_t b = 0; b < cells && !group.weighted.empty(); ++b) {
      (*counts)[b] += static_cast<std::uint64_t>(std::llround(group.weighted[offset + b] / weight));
    }
  }
  estimate.current_counts = *counts;
  estimate.summed_counts = counts;
}

// Sums in integers: G is right to the last digit, and 1 at the end.
void FillReference(const ReferenceCounts& reference, CellEstimate& estimate) {
  estimate.reference_counts = reference.cells.first(reference.cells.size() - 1);
  const std::size_t cells = estimate.reference_counts.size();
  estimate.reference.resize(cells);
  estimate.reference_below.resize(cells);
  const std::uint64_t* const counts = estimate.reference_counts.data();
  double *const shares = estimate.reference.data(), *const below = estimate.reference_below.data();
  const double share = 1 / estimate.rows;
  std::uint64_t sum = 0;
  for (std::size_t b = 0; b < cells; ++b) {
    sum += counts[b];
    shares[b] = static_cast<double>(static_cast<std::int64_t>(counts[b])) * share;
    below[b] = static_cast<double>(static_cast<std::int64_t>(sum)) * share;
  }
}

void FillCurrent(const FeatureCells& cells, CellEstimate& estimate) {
  estimate.current.resize(cells.cells(), 0);
  estimate.current_below.resize(cells.cells(), 0);
  const double share = 1 / cells.seen();
  double *const shares = estimate.current.data(), *const below = estimate.current_below.data();
  for (const GroupCells& group : cells.groups()) {
    const double *const rows = group.rows.data(), *const sums = group.below.data();
    for (std::size_t b = 0; b < cells.cells(); ++b) shares[b] += rows[b] * share;
    for (std::size_t b = 0; b < cells.cells(); ++b) below[b] += sums[b] * share;
  }
}

// FillCurrent() and Variances() where all rows weigh the same in one group: F from the counts, and V in one pass.
std::vector<double> FillPlain(CellEstimate& estimate) {
  const std::size_t cells = estimate.current_counts.size();
  estimate.current.resize(cells);
  estimate.current_below.resize(cells);
  std::vector<double> variance(cells);
  const double share = 1 / estimate.kept, by_traffic = 1 / std::max(estimate.kept - 1, 1.0);
  const double by_reference = 1 / estimate.effective_rows;
  const std::uint64_t* const counts = estimate.current_counts.data();
  const double* const reference_below = estimate.reference_below.data();
  double *const shares = estimate.current.data(), *const below = estimate.current_below.data();
  double* const at = variance.data();
  std::int64_t sum = 0;
  for (std::size_t b = 0; b < cells; ++b) {
    const auto count = static_cast<std::int64_t>(counts[b]);
    sum += count;
    const double f = static_cast<double>(sum) * share, g = reference_below[b];
    shares[b] = static_cast<double>(count) * share;
    below[b] = f;
    at[b] = f * (1 - f) * by_traffic + g * (1 - g) * by_reference;
  }
  return variance;
}

}  // namespace

std::optional<CellEstimate> EstimateCells(const View& view, std::size_t feature, const ReferenceCounts& reference) {
  const bool plain = view.equal_weights && view.groups.size() == 1;
  const FeatureCells cells(view, feature, plain);
  CellEstimate estimate;
  const double missing = static_cast<double>(reference.cells.back());
  estimate.rows = reference.rows - missing;
  if (estimate.rows <= 0 || cells.kept() <= 0) return std::nullopt;
  estimate.effective_rows = reference.effective_rows * estimate.rows / reference.rows;
  estimate.kept = cells.kept();
  estimate.kish = cells.kish();
  FillReference(reference, estimate);
  if (view.equal_weights) FillCounts(view, feature, cells.cells(), estimate);
  if (!plain) FillCurrent(cells, estimate);
  const std::vector<double> variance = plain ? FillPlain(estimate) : Variances(cells, view, estimate);
  estimate.largest_variance = Largest(variance);
  estimate.design_effect = DesignEffect(cells, view, feature, estimate, variance);
  return estimate;
}

}  // namespace drift
