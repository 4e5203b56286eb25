#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "drift/batch/appeared_values.h"
#include "drift/batch/row_source.h"
#include "drift/blocks.h"

namespace drift {

/// Counts rows whose cells are known: blocks, strata, and the categories that the reference does not know. One for a
/// whole comparison, or one for each chunk of a history. Single-threaded.
class RowCounter {
 public:
  static constexpr size_t kMostStrata = 64;  // further ones fold into "other"

  explicit RowCounter(std::shared_ptr<const Layout> layout);

  /// Rows [begin, end) of a batch and their cells, [feature][row of the batch].
  void Add(const RowBatch& batch, const std::vector<std::vector<uint32_t>>& cells, size_t begin, size_t end);

  const Blocks& blocks() const { return blocks_; }
  bool has_times() const { return has_times_; }
  uint64_t folded_rows() const { return folded_rows_; }  // of strata beyond kMostStrata

  /// By feature, at most `most` categories each.
  std::map<std::string, std::vector<AppearedCategory>> Appeared(size_t most) const;

 private:
  uint32_t StratumOf(std::string_view name);
  /// `cells`: of the rows from `begin`.
  void AddAppeared(const RowBatch& batch, size_t feature, std::span<const uint32_t> cells, size_t begin);

  const std::shared_ptr<const Layout> layout_;
  Blocks blocks_;
  bool has_times_ = false;
  uint64_t folded_rows_ = 0;
  double weight_ = 0;                             // of all rows: Σ 1/π
  std::map<size_t, AppearedValues> appeared_;     // by feature
  std::map<std::string, uint32_t, std::less<>> stratum_ids_;
  std::vector<std::vector<uint32_t>> run_cells_;  // of the rows being added, where they are a part of a batch
  std::vector<int64_t> run_order_;
  std::vector<uint32_t> run_strata_;
};

}  // namespace drift
