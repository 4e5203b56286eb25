#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drift/batch/current_samples.h"
#include "drift/batch/row_source.h"
#include "drift/layout.h"

namespace drift {

/// Turns the values of a batch into cells, column by column, and hashes them on the way. Single-threaded.
class CellColumns {
 public:
  explicit CellColumns(std::shared_ptr<const Layout> layout);
  ~CellColumns();
  CellColumns(const CellColumns&) = delete;
  CellColumns& operator=(const CellColumns&) = delete;

  /// INVALID_ARGUMENT names the row (by `source`) and the feature of a value that its dtype cannot read.
  /// Numbers of the features that `samples` wants go there too.
  absl::Status Convert(const RowBatch& batch, const RowSource& source, CurrentSamples* samples = nullptr);

  /// [feature][row] of the last batch.
  const std::vector<std::vector<uint32_t>>& cells() const { return cells_; }

  /// Of all values so far, as they were compared (rounded to the features' dtypes): 32 hexadecimal digits, the same
  /// whatever kind of file they came from and however it was cut. Not against an adversary.
  std::string hash() const;

 private:
  class ColumnHash;

  absl::Status Fault(const RowBatch& batch, const RowSource& source, size_t feature, size_t row) const;
  bool ConvertTexts(const std::vector<Value>& values, size_t feature, size_t& fault);
  bool ConvertNumbers(const std::vector<Value>& values, size_t feature, size_t& fault);

  const std::shared_ptr<const Layout> layout_;
  std::vector<std::vector<uint32_t>> cells_;
  std::vector<uint64_t> keys_;   // of the column being converted
  std::vector<size_t> missing_;  // its rows without a value
  std::vector<ColumnHash> hashes_;
};

}  // namespace drift
