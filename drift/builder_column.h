#ifndef DRIFT_BUILDER_COLUMN_H_
#define DRIFT_BUILDER_COLUMN_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "drift/builder.h"
#include "drift/cells.h"
#include "drift/layout.h"

namespace drift {

// The rows of one column: numbers by key, texts by the number of their first appearance.
class ReferenceBuilder::Column {
 public:
  explicit Column(ColumnSpec spec) : spec_(std::move(spec)), reader_(spec_.dtype) {}

  const ColumnSpec& spec() const { return spec_; }

  // The place of the first value that the dtype cannot read, after which the column holds anything: Truncate().
  std::optional<std::size_t> Add(std::span<const Value> values);
  void Truncate(std::size_t rows);

  // `sample`, where it is not null: set to the sorted keys, if the feature's cells do not tell all values apart.
  // `rows_needed`: CellOfRow() will be called. Else the column is empty afterwards, and its rows were sorted in place.
  FeatureReference Build(const BuilderSettings& settings, bool rows_needed, std::vector<std::uint64_t>* sample);
  void Free();

  // The values that came exactly once. Such a row is new to all the others, so it counts as UNSEEN, in its stratum
  // as in the whole.
  std::unordered_set<std::uint64_t> SeenOnce(const FeatureReference& feature) const;

  std::uint32_t CellOfRow(const FeatureLayout& layout, const std::unordered_set<std::uint64_t>& once,
                          std::size_t row) const;

 private:
  std::optional<std::size_t> AddTexts(std::span<const Value> values, std::size_t first);
  void SetMissing(std::size_t row);
  bool missing(std::size_t row) const { return row < missing_.size() && missing_[row]; }
  std::uint64_t Intern(std::string_view text);
  Kind AutomaticKind(std::size_t distinct) const;
  std::vector<std::uint64_t> PresentKeys() const;
  std::vector<TextCount> Texts(const std::vector<KeyCount>& distinct) const;
  void Summarise(const std::vector<KeyCount>& distinct, FeatureReference& feature) const;

  const ColumnSpec spec_;
  const KeyReader reader_;
  std::vector<std::uint64_t> rows_;
  std::vector<bool> missing_;  // up to the last missing row
  std::deque<std::string> texts_;  // never moved: text_ids_ points into them
  std::unordered_map<std::string_view, std::uint64_t> text_ids_;
};

}  // namespace drift

#endif  // DRIFT_BUILDER_COLUMN_H_
