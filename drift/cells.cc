#include "drift/cells.h"

#include <algorithm>

namespace drift {
namespace {

// Closes cells from left to right.
class CellWriter {
 public:
  explicit CellWriter(FeatureReference& feature) : feature_(feature) {}

  void Count(std::uint64_t rows) { open_ += rows; }
  bool open() const { return open_ > 0; }

  // Ends the open cell at `edge`, unless a cell already ends there.
  void CloseAt(std::uint64_t edge) {
    if (!feature_.upper_edges.empty() && feature_.upper_edges.back() == edge) return;
    feature_.upper_edges.push_back(edge);
    feature_.cell_counts.push_back(open_);
    open_ = 0;
  }

  void Singleton(const KeyCount& value) {
    if (value.key > 0) CloseAt(value.key - 1);
    Count(value.count);
    CloseAt(value.key);
  }

  void Finish(std::uint64_t missing) {
    feature_.cell_counts.push_back(open_);
    feature_.cell_counts.push_back(missing);
  }

 private:
  FeatureReference& feature_;
  std::uint64_t open_ = 0;
};

}  // namespace

void MakeRankCells(const std::vector<KeyCount>& distinct, std::uint64_t missing, FeatureReference& feature) {
  CellWriter writer(feature);
  for (const KeyCount& value : distinct) writer.Singleton(value);
  writer.Finish(missing);
}

void MakeQuantileCells(const std::vector<KeyCount>& distinct, std::uint64_t missing, int cells,
                       FeatureReference& feature) {
  std::uint64_t rows = 0;
  for (const KeyCount& value : distinct) rows += value.count;
  const double scale = rows > 0 ? cells / static_cast<double>(rows) : 0;
  CellWriter writer(feature);
  std::uint64_t sum = 0;
  for (const KeyCount& value : distinct) {
    const auto quantile = static_cast<std::uint64_t>(static_cast<double>(sum) * scale + 1e-9);
    sum += value.count;
    if (static_cast<double>(value.count) * scale >= 1) {
      writer.Singleton(value);
      continue;
    }
    writer.Count(value.count);
    if (static_cast<std::uint64_t>(static_cast<double>(sum) * scale + 1e-9) > quantile) writer.CloseAt(value.key);
  }
  if (writer.open() && !distinct.empty()) writer.CloseAt(distinct.back().key);
  writer.Finish(missing);
}

void MakeCategories(std::vector<TextCount> distinct, std::uint64_t missing, FeatureReference& feature) {
  std::uint64_t rows = missing;
  for (const TextCount& value : distinct) rows += value.count;
  std::sort(distinct.begin(), distinct.end(), [](const TextCount& a, const TextCount& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  });
  std::uint64_t other = 0, once = 0;
  for (const TextCount& value : distinct) {
    const bool frequent = value.count >= 25 && static_cast<double>(value.count) >= 0.005 * static_cast<double>(rows);
    if (frequent && feature.categories.size() < kKeptCategories) {
      feature.categories.push_back(value.text);
      feature.cell_counts.push_back(value.count);
      continue;
    }
    other += value.count;
    once += value.count == 1 ? 1 : 0;
    feature.known_hashes.push_back(value.hash);
  }
  feature.unseen_joins_other = feature.known_hashes.size() > kKnownCategories;
  if (feature.unseen_joins_other) {
    feature.known_hashes.clear();
    once = 0;
  }
  std::sort(feature.known_hashes.begin(), feature.known_hashes.end());
  feature.cell_counts.insert(feature.cell_counts.end(), {other - once, once, missing});
}

}  // namespace drift
