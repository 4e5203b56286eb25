#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "drift/batch/row_source.h"
#include "drift/reference.h"
#include "drift/table/feature_columns.h"
#include "drift/table/table_reader.h"

namespace drift {

/// Which columns of the files are what. Empty names: there is no such column.
struct TableSourceOptions {
  std::vector<std::string> files;   // paths or patterns
  std::string time_column;          // see drift/table/time_values.h
  std::string stratum_column;       // a missing value: the stratum "default"
  std::string probability_column;   // inclusion probability π, above 0 and up to 1 …
  std::string weight_column;        // … or its inverse, at least 1; not both
  std::vector<ColumnRequest> more;  // further columns, for more()
  std::vector<FeatureColumn> features;  // one for each of the reference; empty: columns named as they are
};

/// The rows of files, columns named as the reference's features. Single-threaded.
class TableSource : public RowSource {
 public:
  /// Errors name the file and column. Numbers are wanted where the reference has numbers, texts where it has texts.
  static absl::StatusOr<std::unique_ptr<TableSource>> Open(const Reference& reference, TableSourceOptions options);

  absl::StatusOr<const RowBatch*> Next() override;
  std::string RowName(size_t row) const override;
  double progress() const override { return reader_->progress(); }
  DataSide side() const override;
  std::vector<std::string> warnings() const override;

  /// The columns of TableSourceOptions::more in the last batch, [request][row].
  const std::vector<std::vector<Value>>& more() const { return more_; }

 private:
  explicit TableSource(std::vector<FeatureColumn> features) : features_(std::move(features)) {}

  void WarnOfUnknownColumns(const Reference& reference);
  absl::Status TakeTimes(const std::vector<Value>& values);
  void TakeStrata(const std::vector<Value>& values);
  absl::Status TakeProbabilities(const std::vector<Value>& values);
  absl::Status Fault(const std::string& column, size_t row, std::string_view what) const;

  TableSourceOptions options_;
  std::unique_ptr<TableReader> reader_;
  FeatureColumns features_;
  RowBatch batch_;
  std::vector<std::vector<Value>> more_;
  std::string file_;       // of the last batch
  int64_t first_row_ = 1;  // of the last batch
  std::set<std::string> names_of_numbers_;  // strata that are numbers or missing; batch_ points into it
  std::vector<std::string> warnings_;
  int64_t first_ns_ = 0, last_ns_ = 0;
};

}  // namespace drift
