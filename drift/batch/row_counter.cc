#include "drift/batch/row_counter.h"

#include <algorithm>
#include <numeric>

namespace drift {
namespace {

constexpr std::string_view kDefaultStratum = "default";
constexpr std::string_view kFoldedStrata = "other";

}  // namespace

RowCounter::RowCounter(std::shared_ptr<const Layout> layout)
    : layout_(layout), blocks_(std::move(layout)), run_cells_(layout_->features()) {}

/// Where the reference has strata of its own, every other name is "default", as the reference was made.
uint32_t RowCounter::StratumOf(std::string_view name) {
  const auto found = stratum_ids_.find(name);
  if (found != stratum_ids_.end()) return found->second;
  const auto& own = layout_->reference().strata;
  const auto named = [&own](std::string_view text) {
    return std::any_of(own.begin(), own.end(), [text](const auto& stratum) { return stratum.name == text; });
  };
  std::string_view counted_as = name;
  if (!named(name) && named(kDefaultStratum)) counted_as = kDefaultStratum;
  const auto& known = blocks_.strata();
  const bool is_new = std::find(known.begin(), known.end(), counted_as) == known.end();
  if (is_new && known.size() + 1 >= kMostStrata) {
    ++folded_rows_;
    return blocks_.Stratum(kFoldedStrata);
  }
  const uint32_t stratum = blocks_.Stratum(counted_as);
  if (stratum_ids_.size() < 16 * kMostStrata) stratum_ids_.emplace(name, stratum);
  return stratum;
}

void RowCounter::AddAppeared(const RowBatch& batch, size_t feature, std::span<const uint32_t> cells, size_t begin) {
  const FeatureReference& reference = layout_->reference().features[feature];
  const uint32_t unseen = layout_->feature(feature).missing_cell() - 1;
  for (size_t i = begin; i < begin + cells.size(); ++i) {
    if (cells[i - begin] != unseen) continue;
    const double weight = batch.inclusion_probabilities.empty() ? 1 : 1 / batch.inclusion_probabilities[i];
    const Value& value = batch.values[feature][i];
    if (value.type() == Value::Type::kText) {
      appeared_[feature].Add(value.as_text(), weight);
    } else {
      appeared_[feature].Add(KeyToText(ToKey(value, reference.dtype).key, reference.dtype), weight);
    }
  }
}

void RowCounter::Add(const RowBatch& batch, const std::vector<std::vector<uint32_t>>& cells, size_t begin,
                     size_t end) {
  const auto part = [begin, end](const auto& column) { return std::span(column).subspan(begin, end - begin); };
  Blocks::Rows rows;
  if (batch.times_ns.empty()) {
    run_order_.resize(end - begin);
    std::iota(run_order_.begin(), run_order_.end(), static_cast<int64_t>(blocks_.rows()));
    rows.order = run_order_;
  } else {
    has_times_ = true;
    rows.order = part(batch.times_ns);
  }
  if (!batch.strata.empty()) {
    run_strata_.clear();
    for (const std::string_view name : part(batch.strata)) run_strata_.push_back(StratumOf(name));
    rows.strata = run_strata_;
  }
  if (!batch.inclusion_probabilities.empty()) rows.probabilities = part(batch.inclusion_probabilities);
  rows.cells = cells;
  if (begin > 0 || end < batch.rows) {
    for (size_t f = 0; f < cells.size(); ++f) {
      const auto run = part(cells[f]);
      run_cells_[f].assign(run.begin(), run.end());
    }
    rows.cells = run_cells_;
  }
  for (size_t f = 0; f < cells.size(); ++f) {
    if (layout_->reference().features[f].kind == Kind::kCategorical) AddAppeared(batch, f, rows.cells[f], begin);
  }
  for (const double probability : rows.probabilities) weight_ += 1 / probability;
  if (rows.probabilities.empty()) weight_ += static_cast<double>(end - begin);
  blocks_.Add(rows);
}

std::map<std::string, std::vector<AppearedCategory>> RowCounter::Appeared(size_t most) const {
  std::map<std::string, std::vector<AppearedCategory>> appeared;
  for (const auto& [feature, values] : appeared_) {
    appeared[layout_->reference().features[feature].name] = values.Largest(most, weight_);
  }
  return appeared;
}

}  // namespace drift
