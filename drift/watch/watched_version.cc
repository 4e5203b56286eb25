#include "drift/watch/watched_version.h"

#include <algorithm>

namespace drift {
namespace {

constexpr char kDefaultStratum[] = "default";

std::shared_ptr<const Reference> Recorded(const Reference& reference, const MonitorSettings* monitor,
                                          std::vector<std::string>& left_out) {
  return std::make_shared<const Reference>(
      RecordedPart(reference, monitor == nullptr ? nullptr : &monitor->record, left_out));
}

// In the order of the servers' sampling rule.
std::vector<std::string> StrataOf(const Reference& reference, const MonitorSettings* monitor) {
  std::vector<std::string> strata = {kDefaultStratum};
  const auto add = [&strata](const std::string& name) {
    if (std::find(strata.begin(), strata.end(), name) == strata.end()) strata.push_back(name);
  };
  if (monitor != nullptr) {
    for (const auto& [name, rate] : monitor->sampling.rates) add(name);
  } else {
    for (const StratumReference& stratum : reference.strata) add(stratum.name);
  }
  add(WatchedVersion::kOtherStratum);
  return strata;
}

StratumTotals& EntryOf(Totals& totals, uint32_t rule, int stratum, size_t bins) {
  auto found = totals.find({rule, stratum});
  if (found == totals.end() && totals.size() >= WatchedVersion::kMostTotals) {
    found = std::find_if(totals.begin(), totals.end(),
                         [stratum](const auto& entry) { return entry.first.second == stratum; });
  }
  if (found == totals.end()) {
    found = totals.emplace(std::pair(rule, stratum), StratumTotals{0, 0, std::vector<uint64_t>(bins, 0)}).first;
  }
  return found->second;
}

void AddTotals(const Totals& from, size_t bins, Totals& into) {
  for (const auto& [key, totals] : from) {
    StratumTotals& entry = EntryOf(into, key.first, key.second, bins);
    entry.rows += totals.rows;
    entry.represented += totals.represented;
    for (size_t bin = 0; bin < totals.bins.size(); ++bin) entry.bins[bin] += totals.bins[bin];
  }
}

void AddDifference(const WindowCounters& before, const WindowCounters& after, WindowCounters& into) {
  into.late_rows += after.late_rows - before.late_rows;
  into.late_seen += after.late_seen - before.late_seen;
  into.unreadable_rows += after.unreadable_rows - before.unreadable_rows;
  into.invalid_rows += after.invalid_rows - before.invalid_rows;
  into.coarsenings += after.coarsenings - before.coarsenings;
  into.mixed_rates += after.mixed_rates - before.mixed_rates;
}

}  // namespace

WatchedVersion::WatchedVersion(const Reference& reference, const MonitorSettings* monitor, int64_t created_ns)
    : reference_(Recorded(reference, monitor, left_out_)),
      layout_(std::make_shared<const Layout>(reference_)),
      settings_(monitor == nullptr ? MonitorSettings() : *monitor),
      strata_(StrataOf(reference, monitor)),
      rows_(reference_),
      evaluator_(reference_, settings_.evaluator(), created_ns) {
  for (size_t i = 0; i < strata_.size(); ++i) stratum_index_[strata_[i]] = static_cast<int>(i);
  if (monitor == nullptr) return;
  // The rule that is in force is counted from 0 on: a counter's first increase would else be lost.
  const auto rule = static_cast<uint32_t>(settings_.sampling.rule_version);
  for (const auto& [name, stratum] : stratum_index_) {
    if (name != kOtherStratum) EntryOf(totals_, rule, stratum, layout_->total_bins());
  }
}

WatchedVersion::Partition& WatchedVersion::PartitionOf(int32_t number) {
  const auto found = partitions_.find(number);
  if (found != partitions_.end()) return found->second;
  return partitions_.emplace(number, Partition{Window(layout_, strata_, settings_.window), {}, {}}).first->second;
}

int WatchedVersion::StratumOf(const std::string& name) {
  const auto found = stratum_index_.find(name);
  if (found != stratum_index_.end()) return found->second;
  ++other_stratum_rows_;
  return stratum_index_.at(kOtherStratum);
}

std::optional<Skip> WatchedVersion::Add(int32_t partition, bool counted, const driftserve::v1::Record& record) {
  if (std::optional<Skip> skip = rows_.Read(record, values_)) return skip;
  Partition& into = PartitionOf(partition);
  const int stratum = StratumOf(record.stratum());
  const uint32_t rule = record.sampling_rule();
  const double probability = record.inclusion_probability();
  const WindowCounters before = into.window.counters();
  const bool added = into.window.Add(TimeOf(record), stratum, probability, static_cast<int>(rule), values_);
  if (!counted) return std::nullopt;
  AddDifference(before, into.window.counters(), into.pending_counters);
  if (added) CountBins(rule, stratum, probability, into.pending);
  return std::nullopt;
}

void WatchedVersion::CountBins(uint32_t rule, int stratum, double probability, Totals& totals) const {
  StratumTotals& entry = EntryOf(totals, rule, stratum, layout_->total_bins());
  ++entry.rows;
  entry.represented += 1 / probability;
  for (size_t f = 0; f < values_.size(); ++f) {
    const FeatureLayout& feature = layout_->feature(f);
    // The window has just taken the row, so every value has a cell.
    ++entry.bins[layout_->bin_offset(f) + feature.bin_of(*feature.CellOf(values_[f]))];
  }
}

void WatchedVersion::Commit(int32_t partition) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  AddTotals(found->second.pending, layout_->total_bins(), totals_);
  AddDifference({}, found->second.pending_counters, counters_);
  Discard(partition);
}

void WatchedVersion::Discard(int32_t partition) {
  const auto found = partitions_.find(partition);
  if (found == partitions_.end()) return;
  found->second.pending.clear();
  found->second.pending_counters = {};
}

Evaluation WatchedVersion::Evaluate(int64_t now_ns) {
  Window all(layout_, strata_, settings_.window);
  all.Advance(now_ns);
  for (auto& [number, partition] : partitions_) {
    partition.window.Advance(now_ns);
    // Made for the same reference, strata and settings: cannot be refused.
    (void)all.Merge(partition.window);
  }
  Evaluation evaluation = evaluator_.Evaluate(all, now_ns);
  // Only shown where there is something in it.
  std::erase_if(evaluation.strata, [](const ViewResult& view) {
    return view.stratum == kOtherStratum && view.rows_kept == 0;
  });
  return evaluation;
}

}  // namespace drift
