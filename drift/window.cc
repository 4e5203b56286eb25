#include "drift/window.h"

#include <algorithm>

namespace drift {
namespace {

constexpr std::int64_t kShortestPane = 1'000'000;  // 1 ms
constexpr std::size_t kTotalsPerStratum = 2;       // the rate now and the one before

WindowSettings WithinBounds(WindowSettings settings) {
  settings.panes = std::clamp(settings.panes, 2, 1440);
  settings.length_ns = std::max(settings.length_ns, settings.panes * kShortestPane);
  return settings;
}

}  // namespace

Window::Window(std::shared_ptr<const Reference> reference, std::vector<std::string> strata, WindowSettings settings)
    : Window(std::make_shared<const Layout>(std::move(reference)), std::move(strata), settings) {}

Window::Window(std::shared_ptr<const Layout> layout, std::vector<std::string> strata, WindowSettings settings)
    : layout_(std::move(layout)),
      strata_(std::move(strata)),
      settings_(WithinBounds(settings)),
      pane_length_ns_(settings_.length_ns / settings_.panes),
      slots_(settings_.panes),
      rates_(strata_.size(), 0),
      totals_(strata_.size()),
      indices_(layout_->features(), 0),
      places_(layout_->features(), 0) {}

std::int64_t Window::SlotOf(std::int64_t time_ns) const {
  const std::int64_t slot = time_ns / pane_length_ns_;
  return time_ns % pane_length_ns_ < 0 ? slot - 1 : slot;
}

// Moves the window to `time_ns` where that is later; false where it is older than the window.
bool Window::MoveTo(std::int64_t time_ns) {
  const std::int64_t slot = SlotOf(time_ns);
  if (!newest_slot_ || slot > *newest_slot_) {
    newest_slot_ = slot;
    Expire();
  }
  return slot + slots_ > *newest_slot_;
}

void Window::Expire() {
  while (!panes_.empty() && panes_.front().slot + slots_ <= *newest_slot_) {
    Pane& pane = panes_.front();
    Retire(pane);
    for (std::size_t h = 0; h < pane.strata.size(); ++h) {
      LeaveTotals(pane.strata[h], h);
      pane_bytes_ -= pane.strata[h].bytes();
    }
    panes_.pop_front();
  }
}

void Window::Advance(std::int64_t now_ns) { MoveTo(now_ns); }

void Window::SetRates(std::int64_t time_ns, std::span<const double> probabilities, int rule_version) {
  MoveTo(time_ns);
  for (std::size_t h = 0; h < rates_.size() && h < probabilities.size(); ++h) {
    rates_[h] = probabilities[h] > 0 && probabilities[h] <= 1 ? probabilities[h] : 0;
  }
  rule_version_ = rule_version;
  rule_known_ = true;
}

std::pair<std::size_t, std::size_t> Window::PanesOf(std::int64_t slot) const {
  std::size_t end = panes_.size();
  while (end > 0 && panes_[end - 1].slot > slot) --end;
  std::size_t begin = end;
  while (begin > 0 && panes_[begin - 1].slot == slot) --begin;
  return {begin, end};
}

Pane& Window::InsertPane(std::size_t at, std::int64_t slot, int rule_version) {
  Pane pane;
  pane.slot = slot;
  pane.rule_version = rule_version;
  pane.rule_known = rule_known_;
  pane.strata.resize(strata_.size());
  for (std::size_t h = 0; h < strata_.size() && rule_version == rule_version_; ++h) {
    pane.strata[h].probability = rates_[h];
  }
  pane_bytes_ += strata_.size() * StratumPane().bytes();
  return *panes_.insert(panes_.begin() + static_cast<std::ptrdiff_t>(at), std::move(pane));
}

// The newest pane of the slot under this rule and rate; `probability` 0: under whatever rate. Makes one where
// there is none, and after too many changes of rates in one slot takes the last one as it is.
StratumPane& Window::PaneFor(std::int64_t slot, int stratum, int rule_version, double probability) {
  const auto h = static_cast<std::size_t>(stratum);
  const auto [begin, end] = PanesOf(slot);
  for (std::size_t i = end; i > begin; --i) {
    StratumPane& pane = panes_[i - 1].strata[h];
    if (!panes_[i - 1].rule_known) {
      panes_[i - 1].rule_version = rule_version;
      panes_[i - 1].rule_known = rule_known_;
    }
    if (panes_[i - 1].rule_version != rule_version) continue;
    if (probability <= 0 || pane.probability == probability) return pane;
    if (pane.selected() == 0 && (pane.seen == 0 || pane.probability <= 0)) {
      pane.probability = probability;
      return pane;
    }
  }
  if (end - begin >= kPanesPerSlot) return panes_[end - 1].strata[h];
  StratumPane& pane = InsertPane(end, slot, rule_version).strata[h];
  if (probability > 0) pane.probability = probability;
  return pane;
}

void Window::CountSeen(std::int64_t time_ns, int stratum, std::uint64_t rows) {
  if (stratum < 0 || static_cast<std::size_t>(stratum) >= strata_.size()) {
    counters_.invalid_rows += rows;
  } else if (!MoveTo(time_ns)) {
    counters_.late_seen += rows;
  } else if (rows > 0) {
    const double rate = rates_[static_cast<std::size_t>(stratum)];
    PaneFor(SlotOf(time_ns), stratum, rule_version_, rate).seen += rows;
    last_row_ns_ = std::max(last_row_ns_.value_or(time_ns), time_ns);
  }
}

void Window::CountDropped(std::int64_t time_ns, int stratum, std::uint64_t rows) {
  if (stratum < 0 || static_cast<std::size_t>(stratum) >= strata_.size()) {
    counters_.invalid_rows += rows;
  } else if (!MoveTo(time_ns)) {
    counters_.late_seen += rows;
  } else if (rows > 0) {
    const auto h = static_cast<std::size_t>(stratum);
    StratumPane& pane = PaneFor(SlotOf(time_ns), stratum, rule_version_, rates_[h]);
    pane.dropped += rows;
    LeaveTotals(pane, h);
  }
}

bool Window::Add(std::int64_t time_ns, int stratum, double inclusion_probability, int rule_version,
                 std::span<const Value> values) {
  const bool known = stratum >= 0 && static_cast<std::size_t>(stratum) < strata_.size();
  if (!known || values.size() != indices_.size() || !(inclusion_probability > 0) || inclusion_probability > 1) {
    ++counters_.invalid_rows;
    return false;
  }
  if (!MoveTo(time_ns)) {
    ++counters_.late_rows;
    return false;
  }
  const auto h = static_cast<std::size_t>(stratum);
  if (rule_version >= rule_version_ || !rule_known_) {
    rule_version_ = rule_version;
    rule_known_ = true;
    rates_[h] = inclusion_probability;
  }
  StratumPane& pane = PaneFor(SlotOf(time_ns), stratum, rule_version, inclusion_probability);
  last_row_ns_ = std::max(last_row_ns_.value_or(time_ns), time_ns);
  for (std::size_t f = 0; f < values.size(); ++f) {
    const std::optional<std::uint32_t> cell = layout_->feature(f).CellOf(values[f]);
    if (!cell) {
      ++counters_.unreadable_rows;
      ++pane.dropped;
      LeaveTotals(pane, h);
      return false;
    }
    indices_[f] = *cell;
  }
  if (pane.probability != inclusion_probability) {
    ++counters_.mixed_rates;
    pane.MixRate(inclusion_probability, 1);
    LeaveTotals(pane, h);
  }
  AddCells(pane, h);
  KeepUnderLimit();
  return true;
}

// Counts the row in indices_.
void Window::AddCells(StratumPane& pane, std::size_t stratum) {
  const std::size_t before = pane.bytes();
  ++pane.kept;
  pane.cells.Add(*layout_, indices_);
  if (pane.bins.empty()) pane.bins.resize(layout_->total_bins(), 0);
  const std::uint32_t* const bin_of_cells = layout_->bin_of_cells().data();
  std::uint32_t* const bins = pane.bins.data();
  for (std::size_t f = 0; f < indices_.size(); ++f) places_[f] = layout_->cell_offset(f) + indices_[f];
  for (const std::size_t place : places_) ++bins[bin_of_cells[place]];
  pane_bytes_ += pane.bytes() - before;
  if (!pane.in_totals) {
    if (pane.kept == 1) JoinTotals(pane, stratum);
    return;
  }
  for (Totals& totals : totals_[stratum]) {
    if (totals.probability != pane.probability) continue;
    std::uint64_t* const counts = totals.counts.data();
    for (const std::size_t place : places_) ++counts[place];
  }
}

// Only panes without drops share a weight, so only they are summed ahead of the evaluation.
void Window::JoinTotals(StratumPane& pane, std::size_t stratum) {
  if (pane.in_totals || pane.mixed || pane.dropped > 0 || pane.kept == 0) return;
  std::vector<Totals>& all = totals_[stratum];
  auto found = std::find_if(all.begin(), all.end(), [&](const Totals& t) { return t.probability == pane.probability; });
  if (found == all.end()) {
    if (all.size() >= kTotalsPerStratum) return;
    found = all.insert(all.end(), Totals{pane.probability, 0, {}});
    found->counts.resize(layout_->total_cells(), 0);
  }
  pane.cells.Visit(*layout_, [&](std::size_t cell, std::uint32_t count) { found->counts[cell] += count; });
  ++found->panes;
  pane.in_totals = true;
}

void Window::LeaveTotals(StratumPane& pane, std::size_t stratum) {
  if (!pane.in_totals) return;
  pane.in_totals = false;
  std::vector<Totals>& all = totals_[stratum];
  for (auto totals = all.begin(); totals != all.end(); ++totals) {
    if (totals->probability != pane.probability) continue;
    pane.cells.Visit(*layout_, [&](std::size_t cell, std::uint32_t count) { totals->counts[cell] -= count; });
    if (--totals->panes == 0) all.erase(totals);
    return;
  }
}

std::size_t Window::bytes() const {
  std::size_t totals = 0;
  for (const auto& stratum : totals_) totals += stratum.size() * layout_->total_cells() * sizeof(std::uint64_t);
  return pane_bytes_ + totals;
}

}  // namespace drift
