// The parts of Window that add panes to panes: expired ones to the running totals, neighbours to one another
// under the byte limit, and another replica's to ours.

#include <algorithm>

#include "drift/window.h"

namespace drift {
namespace {

constexpr std::size_t kRetiredEntries = 1024;  // rule versions × strata that are counted apart

CumulativeCounts& EntryOf(std::vector<CumulativeCounts>& all, int rule_version, int stratum, std::size_t bins) {
  CumulativeCounts* last_of_stratum = nullptr;
  for (CumulativeCounts& entry : all) {
    if (entry.stratum != stratum) continue;
    if (entry.rule_version == rule_version) return entry;
    last_of_stratum = &entry;
  }
  if (all.size() >= kRetiredEntries && last_of_stratum != nullptr) return *last_of_stratum;
  all.push_back({rule_version, stratum, 0, 0, 0, std::vector<std::uint64_t>(bins, 0)});
  return all.back();
}

void AddPane(const Pane& pane, std::size_t bins, std::vector<CumulativeCounts>& all) {
  for (std::size_t h = 0; h < pane.strata.size(); ++h) {
    const StratumPane& from = pane.strata[h];
    if (from.seen == 0 && from.selected() == 0) continue;
    CumulativeCounts& into = EntryOf(all, pane.rule_version, static_cast<int>(h), bins);
    into.seen += from.seen;
    into.kept += from.kept;
    into.dropped += from.dropped;
    for (std::size_t b = 0; b < from.bins.size(); ++b) into.bins[b] += from.bins[b];
  }
}

void AddCounters(const WindowCounters& from, WindowCounters& into) {
  into.late_rows += from.late_rows;
  into.late_seen += from.late_seen;
  into.unreadable_rows += from.unreadable_rows;
  into.invalid_rows += from.invalid_rows;
  into.mixed_rates += from.mixed_rates;
}

void AddCounts(const CumulativeCounts& from, CumulativeCounts& into) {
  into.seen += from.seen;
  into.kept += from.kept;
  into.dropped += from.dropped;
  for (std::size_t b = 0; b < from.bins.size(); ++b) into.bins[b] += from.bins[b];
}

bool SameRates(const Pane& a, const Pane& b) {
  if (a.rule_version != b.rule_version) return false;
  for (std::size_t h = 0; h < a.strata.size(); ++h) {
    const StratumPane &x = a.strata[h], &y = b.strata[h];
    const bool either_empty = (x.seen == 0 && x.selected() == 0) || (y.seen == 0 && y.selected() == 0);
    if (!either_empty && x.probability != y.probability) return false;
  }
  return true;
}

}  // namespace

void Window::Retire(const Pane& pane) { AddPane(pane, layout_->total_bins(), retired_); }

std::vector<CumulativeCounts> Window::Cumulative() const {
  std::vector<CumulativeCounts> all = retired_;
  for (const Pane& pane : panes_) AddPane(pane, layout_->total_bins(), all);
  return all;
}

void Window::MergeStratum(StratumPane& into, const StratumPane& from, std::size_t stratum) {
  if (from.seen == 0 && from.selected() == 0) return;
  LeaveTotals(into, stratum);
  pane_bytes_ -= into.bytes();
  if (into.selected() == 0 && (into.seen == 0 || from.selected() > 0)) {
    into.probability = from.probability;
  } else if (from.probability != into.probability) {
    into.MixRate(from.probability, from.selected());
  }
  into.mixed = into.mixed || from.mixed;
  into.seen += from.seen;
  into.kept += from.kept;
  into.dropped += from.dropped;
  into.cells.Merge(*layout_, from.cells);
  if (into.bins.size() < from.bins.size()) into.bins.resize(from.bins.size(), 0);
  for (std::size_t b = 0; b < from.bins.size(); ++b) into.bins[b] += from.bins[b];
  pane_bytes_ += into.bytes();
  JoinTotals(into, stratum);
}

// Into the pane of the slot with the same rule and rates; a new one where there is none.
void Window::MergePane(const Pane& pane, std::int64_t slot) {
  const auto [begin, end] = PanesOf(slot);
  Pane* into = nullptr;
  for (std::size_t i = begin; i < end && into == nullptr; ++i) {
    if (SameRates(panes_[i], pane)) into = &panes_[i];
  }
  if (into == nullptr) {
    const bool full = end - begin >= kPanesPerSlot;
    into = full ? &panes_[end - 1] : &InsertPane(end, slot, pane.rule_version);
    if (!full) into->rule_known = pane.rule_known;
    for (const StratumPane& stratum : pane.strata) counters_.mixed_rates += full ? stratum.kept : 0;
  }
  for (std::size_t h = 0; h < pane.strata.size(); ++h) MergeStratum(into->strata[h], pane.strata[h], h);
}

// Doubles the pane length. The window stays as long as it was; its end gets coarser.
void Window::Coarsen() {
  std::deque<Pane> old;
  old.swap(panes_);
  for (auto& totals : totals_) totals.clear();
  pane_bytes_ = 0;
  pane_length_ns_ *= 2;
  slots_ = std::max<std::int64_t>(2, (settings_.length_ns + pane_length_ns_ - 1) / pane_length_ns_);
  if (newest_slot_) newest_slot_ = *newest_slot_ >> 1;  // rounds down, below zero too
  while (!old.empty()) {
    MergePane(old.front(), old.front().slot >> 1);
    old.pop_front();
  }
}

void Window::KeepUnderLimit() {
  while (bytes() > settings_.byte_limit && slots_ > 2) {
    Coarsen();
    ++counters_.coarsenings;
  }
}

std::optional<Error> Window::Merge(const Window& other) {
  const Reference &own = layout_->reference(), &theirs = other.layout_->reference();
  if (own.hash != theirs.hash || own.features.size() != theirs.features.size()) {
    return Error{"merge: reference: expected hash '" + own.hash + "', got '" + theirs.hash + "'"};
  }
  if (strata_ != other.strata_) return Error{"merge: strata: expected the same names in the same order"};
  if (settings_.length_ns != other.settings_.length_ns || settings_.panes != other.settings_.panes) {
    return Error{"merge: window: expected the same length and panes as ours"};
  }
  while (pane_length_ns_ < other.pane_length_ns_) {
    Coarsen();
    ++counters_.coarsenings;
  }
  const std::int64_t ratio = pane_length_ns_ / other.pane_length_ns_;  // a power of two
  const auto slot_here = [ratio](std::int64_t slot) {  // rounds down
    return slot >= 0 ? slot / ratio : -((-slot + ratio - 1) / ratio);
  };
  if (other.newest_slot_) MoveTo(slot_here(*other.newest_slot_) * pane_length_ns_);
  for (const Pane& pane : other.panes_) {
    const std::int64_t slot = slot_here(pane.slot);
    if (slot + slots_ > *newest_slot_) {
      MergePane(pane, slot);
    } else {
      Retire(pane);
    }
  }
  for (const CumulativeCounts& from : other.retired_) {
    AddCounts(from, EntryOf(retired_, from.rule_version, from.stratum, layout_->total_bins()));
  }
  if (other.last_row_ns_) last_row_ns_ = std::max(last_row_ns_.value_or(*other.last_row_ns_), *other.last_row_ns_);
  AddCounters(other.counters_, counters_);
  KeepUnderLimit();
  return std::nullopt;
}

}  // namespace drift
