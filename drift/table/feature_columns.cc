#include "drift/table/feature_columns.h"

#include <map>
#include <tuple>

#include "drift/profile/text.h"

namespace drift {

FeatureColumn ReducedColumn(const FeatureSpec& spec, const std::optional<TensorType>& tensor) {
  const bool texts = tensor && tensor->dtype == Dtype::kText;
  FeatureColumn column;
  column.request = {spec.name, texts ? ColumnType::kTextRow : ColumnType::kRow, spec.tensor};
  column.reduce = spec.reduce;
  column.tensor = tensor;
  return column;
}

FeatureColumns::FeatureColumns(std::vector<FeatureColumn> columns)
    : columns_(std::move(columns)) {}

std::vector<ColumnRequest> FeatureColumns::requests() const {
  std::vector<ColumnRequest> requests;
  for (const FeatureColumn& column : columns_) requests.push_back(column.request);
  return requests;
}

absl::Status FeatureColumns::Take(TableBatch& batch, std::vector<std::vector<Value>>& values) {
  if (!warned_) Warn(batch);
  values.resize(columns_.size());
  // By the file's column and how it is served: a row is read once for all reductions of it.
  std::map<std::tuple<std::string, Dtype, int64_t>, std::vector<size_t>> reductions;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (!batch.lists[i]) values[i].swap(batch.columns[i]);
    const TensorType tensor = columns_[i].tensor.value_or(TensorType{Dtype::kFloat64, -1});
    if (batch.lists[i]) reductions[{batch.names[i], tensor.dtype, tensor.elements}].push_back(i);
  }
  for (const auto& [rows, features] : reductions) {
    if (const absl::Status status = ReduceColumn(batch, features, values); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FeatureColumns::ReduceColumn(const TableBatch& batch, const std::vector<size_t>& features,
                                          std::vector<std::vector<Value>>& values) {
  for (const size_t feature : features) values[feature].clear();
  for (size_t row = 0; row < batch.rows; ++row) {
    bool missing = false;
    if (const absl::Status status = ReadRow(batch, row, features[0], missing); !status.ok()) return status;
    for (const size_t feature : features) {
      const FeatureColumn& column = columns_[feature];
      const bool texts = column.request.type == ColumnType::kTextRow;
      values[feature].push_back(missing ? Value::Missing()
                                : texts ? Reducer::LengthOfTexts(row_)
                                        : reducer_.Reduce(column.reduce, row_));
    }
  }
  return absl::OkStatus();
}

absl::Status FeatureColumns::ReadRow(const TableBatch& batch, size_t row, size_t feature, bool& missing) {
  const FeatureColumn& column = columns_[feature];
  missing = !batch.lists[feature]->Read(row, row_);
  if (missing || !column.tensor) return absl::OkStatus();
  if (column.tensor->elements >= 0 && row_.size() != static_cast<size_t>(column.tensor->elements)) {
    return absl::InvalidArgumentError(Concat(
        batch.file, ": column '", batch.names[feature], "', row ", batch.first_row + static_cast<int64_t>(row),
        ": expected ", column.tensor->elements, " elements, as a row of tensor '", column.request.tensor, "' has, got ",
        row_.size()));
  }
  if (column.tensor->dtype == Dtype::kText || column.tensor->dtype == Dtype::kFloat64) return absl::OkStatus();
  for (double& element : row_) element = RoundTo(element, column.tensor->dtype);
  return absl::OkStatus();
}

void FeatureColumns::Warn(const TableBatch& batch) {
  warned_ = true;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const FeatureColumn& column = columns_[i];
    if (column.reduce.reduction == Reduction::kNone || batch.lists[i]) continue;
    warnings_.push_back(Concat("column '", batch.names[i], "' holds single numbers: each is taken as the ",
                               Describe(column.reduce, column.request.tensor), ", reduced before"));
  }
}

}  // namespace drift
