#include "drift/builder_column.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/category_table.h"
#include "drift/sorted_keys.h"

namespace drift {
namespace {

constexpr std::uint64_t kMissingEntry = std::numeric_limits<std::uint64_t>::max();

std::vector<KeyCount> CountDistinct(const std::vector<std::uint64_t>& sorted) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) size += i == 0 || sorted[i] != sorted[i - 1] ? 1 : 0;
  std::vector<KeyCount> distinct;
  distinct.reserve(size);
  for (const std::uint64_t key : sorted) {
    if (distinct.empty() || distinct.back().key != key) distinct.push_back({key, 0});
    ++distinct.back().count;
  }
  return distinct;
}

}  // namespace

std::optional<std::size_t> ReferenceBuilder::Column::Add(std::span<const Value> values) {
  const std::size_t first = rows_.size(), needed = first + values.size();
  // By a quarter at a time: a vector that doubles stands half empty, which of gigabytes is gigabytes.
  if (needed > rows_.capacity()) rows_.reserve(std::max(needed, first + first / 4));
  rows_.resize(first + values.size(), kMissingEntry);
  if (spec_.dtype == Dtype::kText) return AddTexts(values, first);
  std::uint64_t* const keys = rows_.data() + first;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const KeyOf key = reader_.Read(values[i]);
    if (key.outcome == KeyOf::Outcome::kKey) {
      keys[i] = key.key;
      continue;
    }
    if (key.outcome == KeyOf::Outcome::kUnreadable) return i;
    SetMissing(first + i);
  }
  return std::nullopt;
}

std::optional<std::size_t> ReferenceBuilder::Column::AddTexts(std::span<const Value> values, std::size_t first) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].missing()) {
      SetMissing(first + i);
    } else if (values[i].type() == Value::Type::kText) {
      rows_[first + i] = Intern(values[i].as_text());
    } else {
      return i;
    }
  }
  return std::nullopt;
}

void ReferenceBuilder::Column::Truncate(std::size_t rows) {
  rows_.resize(rows);
  if (missing_.size() > rows) missing_.resize(rows);
}

void ReferenceBuilder::Column::SetMissing(std::size_t row) {
  missing_.resize(row + 1, false);
  missing_[row] = true;
}

std::uint64_t ReferenceBuilder::Column::Intern(std::string_view text) {
  const auto found = text_ids_.find(text);
  if (found != text_ids_.end()) return found->second;
  texts_.emplace_back(text);
  text_ids_.emplace(texts_.back(), texts_.size() - 1);
  return texts_.size() - 1;
}

FeatureReference ReferenceBuilder::Column::Build(const BuilderSettings& settings,
                                                 bool rows_needed, std::vector<std::uint64_t>* sample) {
  FeatureReference feature;
  feature.name = spec_.name;
  feature.role = spec_.role;
  feature.dtype = spec_.dtype;
  feature.reduction = spec_.reduction;
  const std::size_t rows = rows_.size();
  std::vector<std::uint64_t> keys = rows_needed || !missing_.empty() ? PresentKeys() : std::move(rows_);
  if (!rows_needed) Free();
  SortKeys(keys, LowestKeyBit(spec_.dtype));
  const std::vector<KeyCount> distinct = CountDistinct(keys);
  feature.kind = spec_.kind.value_or(AutomaticKind(distinct.size()));
  const auto missing = static_cast<std::uint64_t>(rows - keys.size());
  if (feature.kind == Kind::kCategorical) {
    MakeCategories(Texts(distinct), missing, feature);
  } else if (settings.always_rank_cells || distinct.size() <= settings.rank_cell_limit) {
    MakeRankCells(distinct, missing, feature);
  } else {
    MakeQuantileCells(distinct, missing, settings.cells, feature);
    if (sample != nullptr) *sample = std::move(keys);
  }
  if (spec_.dtype != Dtype::kText) Summarise(distinct, feature);
  return feature;
}

std::unordered_set<std::uint64_t> ReferenceBuilder::Column::SeenOnce(const FeatureReference& feature) const {
  std::unordered_set<std::uint64_t> once;
  if (feature.kind != Kind::kCategorical || feature.unseen_joins_other) return once;
  std::vector<std::uint64_t> keys = PresentKeys();
  SortKeys(keys, LowestKeyBit(spec_.dtype));
  for (const KeyCount& value : CountDistinct(keys)) {
    if (value.count == 1) once.insert(value.key);
  }
  return once;
}

std::uint32_t ReferenceBuilder::Column::CellOfRow(const FeatureLayout& layout,
                                                  const std::unordered_set<std::uint64_t>& once,
                                                  std::size_t row) const {
  if (missing(row)) return layout.missing_cell();
  if (once.contains(rows_[row])) return layout.unseen_cell();
  return spec_.dtype == Dtype::kText ? layout.CellOfText(texts_[rows_[row]]) : layout.CellOfKey(rows_[row]);
}

Kind ReferenceBuilder::Column::AutomaticKind(std::size_t distinct) const {
  if (spec_.dtype == Dtype::kText || spec_.dtype == Dtype::kBool) return Kind::kCategorical;
  return distinct > 0 && distinct <= kCategoricalLimit ? Kind::kCategorical : Kind::kNumeric;
}

std::vector<std::uint64_t> ReferenceBuilder::Column::PresentKeys() const {
  if (missing_.empty()) return rows_;
  std::vector<std::uint64_t> keys;
  keys.reserve(rows_.size());
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    if (!missing(row)) keys.push_back(rows_[row]);
  }
  return keys;
}

void ReferenceBuilder::Column::Free() {
  std::vector<std::uint64_t>().swap(rows_);
  std::vector<bool>().swap(missing_);
}

std::vector<TextCount> ReferenceBuilder::Column::Texts(const std::vector<KeyCount>& distinct) const {
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
void ReferenceBuilder::Column::Summarise(const std::vector<KeyCount>& distinct, FeatureReference& feature) const {
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

}  // namespace drift
