#include "drift/blocks.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace drift {
namespace {

constexpr double kStepsPerOctave = 32;
constexpr std::int64_t kAnyStratum = -1;

void Merge(const StratumPane& from, StratumPane& into) {
  into.kept += from.kept;
  for (std::size_t b = 0; b < from.bins.size(); ++b) into.bins[b] += from.bins[b];
}

}  // namespace

Blocks::Blocks(std::shared_ptr<const Layout> layout) : layout_(std::move(layout)) {}

std::uint32_t Blocks::Stratum(std::string_view name) {
  const auto found = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  if (found == names_.size()) names_.emplace_back(name);
  return static_cast<std::uint32_t>(found);
}

std::int64_t Blocks::begin_of(std::size_t block) const {
  return std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(block))->first << shift_;
}

std::uint64_t Blocks::rows_of(std::size_t block) const {
  std::uint64_t rows = 0;
  const Block& parts = std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(block))->second;
  for (const auto& [key, pane] : parts) rows += pane.kept;
  return rows;
}

std::uint32_t Blocks::RateOf(double probability) {
  auto found = rate_numbers_.find(probability);
  if (found != rate_numbers_.end()) return found->second;
  if (rates_.size() >= kExactRates) {
    probability = std::min(1.0, std::exp2(std::round(std::log2(probability) * kStepsPerOctave) / kStepsPerOctave));
    found = rate_numbers_.find(probability);
    if (found != rate_numbers_.end()) return found->second;
  }
  rates_.push_back(probability);
  rate_numbers_.emplace(probability, static_cast<std::uint32_t>(rates_.size() - 1));
  return static_cast<std::uint32_t>(rates_.size() - 1);
}

// Makes the blocks of the places, so that none of them is joined away once panes are pointed at.
void Blocks::MakeRoom(std::span<const std::int64_t> order) {
  bool any = false;
  std::int64_t last = 0;
  for (const std::int64_t place : order) {
    if (any && place >> shift_ == last) continue;
    any = true;
    blocks_[place >> shift_];
    while (blocks_.size() > kMostBlocks) Double();
    last = place >> shift_;
  }
}

// Blocks twice as long, joined two by two.
void Blocks::Double() {
  ++shift_;
  std::map<std::int64_t, Block> old;
  old.swap(blocks_);
  for (auto& [slot, block] : old) {
    auto& into = blocks_.emplace_hint(blocks_.end(), slot >> 1, Block())->second;
    if (into.empty()) {
      into = std::move(block);
      continue;
    }
    for (auto& [key, pane] : block) {
      const auto [at, added] = into.try_emplace(key);
      added ? void(at->second = std::move(pane)) : Merge(pane, at->second);
    }
  }
}

StratumPane& Blocks::PaneOf(std::int64_t place, std::uint32_t stratum, std::uint32_t rate) {
  Block& block = blocks_.find(place >> shift_)->second;
  const auto [at, added] = block.try_emplace((std::uint64_t{stratum} << 32) + rate);
  if (added) {
    at->second.probability = rates_[rate];
    at->second.bins.resize(layout_->total_bins(), 0);
  }
  return at->second;
}

// Cuts the rows into runs.
void Blocks::Resolve(const Rows& rows) {
  runs_.clear();
  double probability = 0;
  std::int64_t slot = 0;
  for (std::size_t i = 0; i < rows.order.size(); ++i) {
    const std::uint32_t stratum = rows.strata.empty() ? 0 : rows.strata[i];
    const double own_probability = rows.probabilities.empty() ? 1 : rows.probabilities[i];
    const std::int64_t own_slot = rows.order[i] >> shift_;
    if (runs_.empty() || runs_.back().stratum != stratum || own_probability != probability || own_slot != slot) {
      probability = own_probability;
      slot = own_slot;
      StratumPane* const pane = &PaneOf(rows.order[i], stratum, RateOf(probability));
      if (cells_.size() <= stratum) cells_.resize(stratum + 1);
      if (cells_[stratum].probability == 0) cells_[stratum].probability = pane->probability;
      runs_.push_back({pane, stratum, pane->probability != cells_[stratum].probability, i, i});
    }
    Run& run = runs_.back();
    ++run.end;
    ++run.pane->kept;
    rounded_rates_ += run.pane->probability != probability ? 1 : 0;
  }
}

void Blocks::CountBins(const Rows& rows) {
  for (std::size_t f = 0; f < rows.cells.size(); ++f) {
    const FeatureLayout& feature = layout_->feature(f);
    const std::uint32_t* const cells = rows.cells[f].data();
    for (const Run& run : runs_) {
      std::uint32_t* const bins = &run.pane->bins[layout_->bin_offset(f)];
      for (std::size_t i = run.begin; i < run.end; ++i) ++bins[feature.bin_of(cells[i])];
    }
  }
}

void Blocks::CountCells(const Rows& rows) {
  for (Cells& cells : cells_) cells.counts.resize(layout_->total_cells(), 0);
  for (std::size_t f = 0; f < rows.cells.size(); ++f) {
    const std::uint32_t* const cells = rows.cells[f].data();
    for (const Run& run : runs_) {
      std::uint64_t* const counts = &cells_[run.stratum].counts[layout_->cell_offset(f)];
      for (std::size_t i = run.begin; i < run.end && !run.loose; ++i) ++counts[cells[i]];
    }
  }
  for (const Run& run : runs_) {
    if (run.loose) CountLooseCells(rows, run);
  }
}

void Blocks::CountLooseCells(const Rows& rows, const Run& run) {
  LooseCells& loose = cells_[run.stratum].loose;
  if (loose.weighted.empty()) {
    loose.weighted.resize(layout_->total_cells(), 0);
    loose.squared.resize(layout_->total_cells(), 0);
  }
  const double weight = 1 / run.pane->probability;
  for (std::size_t f = 0; f < rows.cells.size(); ++f) {
    for (std::size_t i = run.begin; i < run.end; ++i) {
      const std::size_t cell = layout_->cell_offset(f) + rows.cells[f][i];
      loose.weighted[cell] += weight;
      loose.squared[cell] += weight * weight;
    }
  }
}

void Blocks::Add(const Rows& rows) {
  MakeRoom(rows.order);
  Resolve(rows);
  CountBins(rows);
  CountCells(rows);
  rows_ += rows.order.size();
}

View Blocks::Empty() const {
  View view;
  view.layout = layout_.get();
  view.groups.resize(1);
  view.loose.resize(1);
  view.mix_known = false;
  return view;
}

void Blocks::AddTerms(const Block& block, std::size_t slot, std::int64_t stratum, View& view) const {
  for (const auto& [key, pane] : block) {
    if (stratum != kAnyStratum && static_cast<std::int64_t>(key >> 32) != stratum) continue;
    const double weight = 1 / pane.probability, seen = weight * static_cast<double>(pane.kept);
    view.terms.push_back({&pane, static_cast<int>(key >> 32), 0, slot, weight, seen});
    view.groups[0].seen += seen;
    view.groups[0].kept += static_cast<double>(pane.kept);
    view.slots = slot + 1;
  }
}

void Blocks::AddCells(const Cells& cells, View& view) const {
  if (cells.counts.empty()) return;
  view.classes.push_back({0, 1 / cells.probability, cells.counts});
  if (cells.loose.weighted.empty()) return;
  LooseCells& sum = view.loose[0];
  sum.weighted.resize(cells.loose.weighted.size(), 0);
  sum.squared.resize(cells.loose.weighted.size(), 0);
  for (std::size_t i = 0; i < sum.weighted.size(); ++i) {
    sum.weighted[i] += cells.loose.weighted[i];
    sum.squared[i] += cells.loose.squared[i];
  }
}

View Blocks::Finish(View view) const {
  view.groups[0].share = 1;
  view.seen = view.groups[0].seen;
  view.kept = view.groups[0].kept;
  for (const Term& term : view.terms) {
    view.equal_weights = view.equal_weights && term.weight == view.terms.front().weight;
  }
  SumWeights(view);
  FillMoments(view, 0, layout_->features());
  return view;
}

View Blocks::Population() const {
  View view = Empty();
  for (const auto& [slot, block] : blocks_) AddTerms(block, view.slots, kAnyStratum, view);
  for (const Cells& cells : cells_) AddCells(cells, view);
  return Finish(std::move(view));
}

View Blocks::OfStratum(std::size_t stratum) const {
  View view = Empty();
  for (const auto& [slot, block] : blocks_) AddTerms(block, view.slots, static_cast<std::int64_t>(stratum), view);
  if (stratum < cells_.size()) AddCells(cells_[stratum], view);
  return Finish(std::move(view));
}

View Blocks::Stretch(std::size_t first, std::size_t last) const {
  View view = Empty();
  auto at = std::next(blocks_.begin(), static_cast<std::ptrdiff_t>(first));
  for (std::size_t i = first; i < last && at != blocks_.end(); ++i, ++at) {
    AddTerms(at->second, view.slots, kAnyStratum, view);
  }
  return Finish(std::move(view));
}

std::vector<std::uint64_t> Blocks::PlainCells() const {
  std::vector<std::uint64_t> plain(layout_->total_cells(), 0);
  for (const Cells& cells : cells_) {
    for (std::size_t i = 0; i < cells.counts.size(); ++i) plain[i] += cells.counts[i];
  }
  return plain;
}

}  // namespace drift
