#include "drift/builder.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "drift/category_table.h"
#include "drift/cells.h"
#include "drift/effective_rows.h"
#include "drift/layout.h"
#include "drift/sorted_keys.h"

namespace drift {
namespace {

constexpr std::uint64_t kMissingEntry = std::numeric_limits<std::uint64_t>::max();

Error ColumnFault(const ColumnSpec& spec, const std::string& what) {
  return Error{"column '" + spec.name + "' (" + std::string(Name(spec.dtype)) + "): " + what};
}

}  // namespace

// The rows of one column: numbers by key, texts by the number of their first appearance.
class ReferenceBuilder::Column {
 public:
  explicit Column(ColumnSpec spec) : spec_(std::move(spec)) {}

  const ColumnSpec& spec() const { return spec_; }

  bool Readable(const Value& value) const {
    if (spec_.dtype == Dtype::kText) return value.missing() || value.type() == Value::Type::kText;
    return ToKey(value, spec_.dtype).outcome != KeyOf::Outcome::kUnreadable;
  }

  // REQUIRES: Readable(value).
  void Add(const Value& value) {
    if (spec_.dtype == Dtype::kText) {
      rows_.push_back(value.missing() ? kMissingEntry : Intern(value.as_text()));
      missing_.push_back(value.missing());
      return;
    }
    const KeyOf key = ToKey(value, spec_.dtype);
    const bool missing = key.outcome == KeyOf::Outcome::kMissing;
    rows_.push_back(missing ? kMissingEntry : key.key);
    missing_.push_back(missing);
  }

  FeatureReference Build(const BuilderSettings& settings) const {
    FeatureReference feature;
    feature.name = spec_.name;
    feature.role = spec_.role;
    feature.dtype = spec_.dtype;
    feature.reduction = spec_.reduction;
    const std::vector<KeyCount> distinct = Distinct();
    feature.kind = spec_.kind.value_or(AutomaticKind(distinct.size()));
    const auto missing = static_cast<std::uint64_t>(std::count(missing_.begin(), missing_.end(), true));
    if (feature.kind == Kind::kCategorical) {
      MakeCategories(Texts(distinct), missing, feature);
    } else if (settings.always_rank_cells || distinct.size() <= settings.rank_cell_limit) {
      MakeRankCells(distinct, missing, feature);
    } else {
      MakeQuantileCells(distinct, missing, settings.cells, feature);
    }
    if (spec_.dtype != Dtype::kText) Summarise(distinct, feature);
    return feature;
  }

  // The values that came exactly once. Such a row is new to all the others, so it counts as UNSEEN, in its stratum
  // as in the whole.
  std::unordered_set<std::uint64_t> SeenOnce(const FeatureReference& feature) const {
    std::unordered_set<std::uint64_t> once;
    if (feature.kind != Kind::kCategorical || feature.unseen_joins_other) return once;
    for (const KeyCount& value : Distinct()) {
      if (value.count == 1) once.insert(value.key);
    }
    return once;
  }

  std::uint32_t CellOfRow(const FeatureLayout& layout, const std::unordered_set<std::uint64_t>& once,
                          std::size_t row) const {
    if (missing_[row]) return layout.missing_cell();
    if (once.contains(rows_[row])) return layout.unseen_cell();
    return spec_.dtype == Dtype::kText ? layout.CellOfText(texts_[rows_[row]]) : layout.CellOfKey(rows_[row]);
  }

 private:
  std::uint64_t Intern(std::string_view text) {
    const auto found = text_ids_.find(text);
    if (found != text_ids_.end()) return found->second;
    texts_.emplace_back(text);
    text_ids_.emplace(texts_.back(), texts_.size() - 1);
    return texts_.size() - 1;
  }

  Kind AutomaticKind(std::size_t distinct) const {
    if (spec_.dtype == Dtype::kText || spec_.dtype == Dtype::kBool) return Kind::kCategorical;
    return distinct > 0 && distinct <= kCategoricalLimit ? Kind::kCategorical : Kind::kNumeric;
  }

  std::vector<KeyCount> Distinct() const {
    std::vector<std::uint64_t> keys;
    keys.reserve(rows_.size());
    for (std::size_t row = 0; row < rows_.size(); ++row) {
      if (!missing_[row]) keys.push_back(rows_[row]);
    }
    SortKeys(keys);
    std::vector<KeyCount> distinct;
    for (const std::uint64_t key : keys) {
      if (distinct.empty() || distinct.back().key != key) distinct.push_back({key, 0});
      ++distinct.back().count;
    }
    return distinct;
  }

  std::vector<TextCount> Texts(const std::vector<KeyCount>& distinct) const {
    std::vector<TextCount> texts;
    texts.reserve(distinct.size());
    for (const KeyCount& value : distinct) {
      if (spec_.dtype == Dtype::kText) {
        texts.push_back({texts_[value.key], HashText(texts_[value.key]), value.count});
      } else {
        texts.push_back({KeyToText(value.key, spec_.dtype), HashKey(value.key), value.count});
      }
    }
    return texts;
  }

  // Two passes, scaled by the largest value, so that the squares of huge values do not overflow.
  void Summarise(const std::vector<KeyCount>& distinct, FeatureReference& feature) const {
    if (distinct.empty()) return;
    const KeyKind kind = KeyKindOf(spec_.dtype);
    feature.minimum = KeyToDouble(distinct.front().key, kind);
    feature.maximum = KeyToDouble(distinct.back().key, kind);
    const double scale = std::max({std::fabs(feature.minimum), std::fabs(feature.maximum), 1e-300});
    double rows = 0, sum = 0, squares = 0;
    for (const KeyCount& value : distinct) {
      rows += static_cast<double>(value.count);
      sum += KeyToDouble(value.key, kind) / scale * static_cast<double>(value.count);
    }
    const double mean = sum / rows;
    for (const KeyCount& value : distinct) {
      const double off = KeyToDouble(value.key, kind) / scale - mean;
      squares += off * off * static_cast<double>(value.count);
    }
    feature.mean = mean * scale;
    feature.standard_deviation = std::sqrt(squares / rows) * scale;
    if (!std::isfinite(feature.standard_deviation)) feature.standard_deviation = std::numeric_limits<double>::max();
  }

  const ColumnSpec spec_;
  std::vector<std::uint64_t> rows_;
  std::vector<bool> missing_;
  std::deque<std::string> texts_;  // never moved: text_ids_ points into them
  std::unordered_map<std::string_view, std::uint64_t> text_ids_;
};

ReferenceBuilder::ReferenceBuilder(BuilderSettings settings, std::vector<ColumnSpec> columns)
    : settings_(std::move(settings)) {
  for (ColumnSpec& spec : columns) columns_.push_back(std::make_unique<Column>(std::move(spec)));
}

ReferenceBuilder::~ReferenceBuilder() = default;

std::uint64_t ReferenceBuilder::rows() const { return row_strata_.size(); }

std::optional<Error> ReferenceBuilder::Add(std::span<const Value> row, std::string_view stratum) {
  if (row.size() != columns_.size()) {
    return Error{"row " + std::to_string(rows() + 1) + ": expected " + std::to_string(columns_.size()) +
                 " values, got " + std::to_string(row.size())};
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (columns_[i]->Readable(row[i])) continue;
    const bool text = row[i].type() == Value::Type::kText;
    return ColumnFault(columns_[i]->spec(), "row " + std::to_string(rows() + 1) + ": expected " +
                                                (text ? "a number, got text" : "text, got a number"));
  }
  for (std::size_t i = 0; i < row.size(); ++i) columns_[i]->Add(row[i]);
  std::uint32_t id = 0;
  if (!stratum.empty()) {
    const auto found = stratum_ids_.find(stratum);
    id = found != stratum_ids_.end()
             ? found->second
             : stratum_ids_.emplace(stratum, static_cast<std::uint32_t>(stratum_ids_.size() + 1)).first->second;
  }
  row_strata_.push_back(id);
  return std::nullopt;
}

FeatureReference ReferenceBuilder::BuildFeature(const Column& column, std::span<const std::size_t> position,
                                                Reference& reference) const {
  FeatureReference feature = column.Build(settings_);
  for (StratumReference& stratum : reference.strata) stratum.cell_counts.emplace_back(feature.cell_counts.size(), 0);
  if (reference.strata.empty() && !settings_.time_ordered) return feature;
  const FeatureLayout layout(feature);
  const std::unordered_set<std::uint64_t> once = column.SeenOnce(feature);
  std::vector<std::uint32_t> bins;
  for (std::size_t row = 0; row < rows(); ++row) {
    const std::uint32_t cell = column.CellOfRow(layout, once, row);
    if (settings_.time_ordered) bins.push_back(layout.bin_of(cell));
    if (row_strata_[row] != 0) ++reference.strata[position[row_strata_[row]]].cell_counts.back()[cell];
  }
  if (settings_.time_ordered) feature.effective_rows = EffectiveRows(bins, layout.bins());
  return feature;
}

Result<Reference> ReferenceBuilder::Build() const {
  if (rows() == 0) return Error{"reference: expected at least one row, got 0"};
  if (settings_.cells < 10 || settings_.cells > 10'000) {
    return Error{"reference: cells: expected 10 to 10000, got " + std::to_string(settings_.cells)};
  }
  Reference reference;
  reference.model_name = settings_.model_name;
  reference.model_version = settings_.model_version;
  reference.created_ns = settings_.created_ns;
  reference.cycle_ns = settings_.cycle_ns;
  reference.rows = rows();
  std::vector<std::size_t> position(stratum_ids_.size() + 1, 0);  // of a stratum's id in reference.strata
  for (const auto& [name, id] : stratum_ids_) {
    position[id] = reference.strata.size();
    reference.strata.push_back({name, 0, {}});
  }
  for (const std::uint32_t id : row_strata_) {
    if (id != 0) ++reference.strata[position[id]].rows;
  }
  for (const auto& column : columns_) {
    const ColumnSpec& spec = column->spec();
    if (spec.dtype == Dtype::kText && spec.kind == Kind::kNumeric) {
      return ColumnFault(spec, "kind: expected categorical, got numeric");
    }
    reference.features.push_back(BuildFeature(*column, position, reference));
  }
  if (auto error = CheckReference(reference)) return *error;
  if (settings_.hashed) reference.hash = ContentHash(reference);
  return reference;
}

}  // namespace drift
