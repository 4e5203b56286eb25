#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drift/profile/monitor_settings.h"
#include "drift/profile/tensor_types.h"
#include "drift/reduction.h"
#include "drift/table/table_reader.h"

namespace drift {

/// Where the values of one feature or prediction are in a file, and what is done with them.
struct FeatureColumn {
  ColumnRequest request;
  ReduceSpec reduce;                 // kNone: the column has the values
  std::optional<TensorType> tensor;  // what is served; unset where no config.pbtxt tells it
};

/// The column of a feature that is a reduction. Its rows are in a column named as the tensor (one for all reductions
/// of it) or as the feature; one named as the feature may hold single numbers, taken as reduced before.
FeatureColumn ReducedColumn(const FeatureSpec& spec, const std::optional<TensorType>& tensor);

/// Turns the columns of a file into the values of features: as they are, or reduced, with the elements of each row
/// first rounded to the served dtype. By the same code as the server's, so that equal rows have equal bits.
/// Single-threaded.
class FeatureColumns {
 public:
  explicit FeatureColumns(std::vector<FeatureColumn> columns);

  /// One per feature, in order: the first requests of the reader whose batches are taken.
  std::vector<ColumnRequest> requests() const;

  /// Replaces `values`, [feature][row], by those of the batch, whose columns it takes. Texts are views into the batch.
  /// INVALID_ARGUMENT names file, column and row where a row has another number of elements than the served tensor.
  absl::Status Take(TableBatch& batch, std::vector<std::vector<Value>>& values);

  /// Features whose values were taken as reduced before, as a sentence for each; complete after the first Take().
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  absl::Status ReduceColumn(const TableBatch& batch, const std::vector<size_t>& features,
                            std::vector<std::vector<Value>>& values);
  absl::Status ReadRow(const TableBatch& batch, size_t row, size_t feature, bool& missing);
  void Warn(const TableBatch& batch);

  const std::vector<FeatureColumn> columns_;
  std::vector<std::string> warnings_;
  bool warned_ = false;
  std::vector<double> row_;  // in hand
  Reducer reducer_;
};

}  // namespace drift
