#include "drift/batch/table_source.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/profile/text.h"
#include "drift/table/stratum_text.h"

namespace drift {
namespace {

constexpr size_t kNamedColumns = 20;

double NumberOf(const Value& value) {
  switch (value.type()) {
    case Value::Type::kDouble:
      return value.as_double();
    case Value::Type::kInt64:
      return static_cast<double>(value.as_int64());
    case Value::Type::kUint64:
      return static_cast<double>(value.as_uint64());
    case Value::Type::kBool:
      return value.as_bool() ? 1 : 0;
    default:
      return std::numeric_limits<double>::quiet_NaN();
  }
}

std::vector<FeatureColumn> FeaturesOf(const Reference& reference, const TableSourceOptions& options) {
  if (!options.features.empty()) return options.features;
  std::vector<FeatureColumn> columns;
  for (const FeatureReference& feature : reference.features) {
    const ColumnType type = feature.dtype == Dtype::kText ? ColumnType::kText : ColumnType::kNumber;
    columns.push_back({{feature.name, type}, {}, std::nullopt});
  }
  return columns;
}

std::string Shown(double number) { return std::isnan(number) ? "a missing value" : Concat(number); }

}  // namespace

absl::StatusOr<std::unique_ptr<TableSource>> TableSource::Open(const Reference& reference,
                                                               TableSourceOptions options) {
  if (!options.probability_column.empty() && !options.weight_column.empty()) {
    return absl::InvalidArgumentError(Concat("expected inclusion probabilities or weights, got both columns '",
                                             options.probability_column, "' and '", options.weight_column, "'"));
  }
  std::unique_ptr<TableSource> source(new TableSource(FeaturesOf(reference, options)));
  std::vector<ColumnRequest> requests = source->features_.requests();
  requests.insert(requests.end(), options.more.begin(), options.more.end());
  if (!options.time_column.empty()) requests.push_back({options.time_column, ColumnType::kTime});
  if (!options.stratum_column.empty()) requests.push_back({options.stratum_column, ColumnType::kAsStored});
  const std::string& rate = options.probability_column.empty() ? options.weight_column : options.probability_column;
  if (!rate.empty()) requests.push_back({rate, ColumnType::kNumber});
  auto reader = TableReader::Open(options.files, std::move(requests));
  if (!reader.ok()) return reader.status();
  source->options_ = std::move(options);
  source->reader_ = *std::move(reader);
  source->more_.resize(source->options_.more.size());
  source->WarnOfUnknownColumns(reference);
  return source;
}

void TableSource::WarnOfUnknownColumns(const Reference& reference) {
  std::vector<std::string> known = {options_.time_column, options_.stratum_column, options_.probability_column,
                                    options_.weight_column};
  for (const FeatureReference& feature : reference.features) known.push_back(feature.name);
  for (const ColumnRequest& request : features_.requests()) known.push_back(request.tensor);
  for (const ColumnRequest& column : options_.more) known.push_back(column.name);
  std::vector<std::string> unknown;
  for (const std::string& name : reader_->column_names()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
  }
  if (unknown.empty()) return;
  if (unknown.size() > kNamedColumns) {
    unknown.resize(kNamedColumns);
    unknown.push_back("…");
  }
  warnings_.push_back(Concat(reader_->files().front(), ": not compared, as the reference does not have them: ",
                             JoinNames(unknown)));
}

absl::Status TableSource::Fault(const std::string& column, size_t row, std::string_view what) const {
  return absl::InvalidArgumentError(
      Concat(file_, ": column '", column, "', row ", first_row_ + static_cast<int64_t>(row), ": ", what));
}

std::string TableSource::RowName(size_t row) const {
  return Concat(file_, ": row ", first_row_ + static_cast<int64_t>(row));
}

absl::StatusOr<const RowBatch*> TableSource::Next() {
  const auto read = reader_->Next();
  if (!read.ok()) return read.status();
  if (*read == nullptr) return nullptr;
  TableBatch& rows = **read;
  file_ = rows.file;
  first_row_ = rows.first_row;
  batch_.rows = rows.rows;
  if (const absl::Status status = features_.Take(rows, batch_.values); !status.ok()) return status;
  size_t next = batch_.values.size();
  for (std::vector<Value>& values : more_) values.swap(rows.columns[next++]);
  if (!options_.time_column.empty()) {
    if (const absl::Status status = TakeTimes(rows.columns[next++]); !status.ok()) return status;
  }
  if (!options_.stratum_column.empty()) TakeStrata(rows.columns[next++]);
  if (next < rows.columns.size()) {
    if (const absl::Status status = TakeProbabilities(rows.columns[next]); !status.ok()) return status;
  }
  return &batch_;
}

absl::Status TableSource::TakeTimes(const std::vector<Value>& values) {
  const bool first = reader_->rows_read() == values.size();
  batch_.times_ns.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].missing()) return Fault(options_.time_column, i, "expected a time, got a missing value");
    batch_.times_ns[i] = values[i].as_int64();
  }
  const auto [least, most] = std::minmax_element(batch_.times_ns.begin(), batch_.times_ns.end());
  first_ns_ = first ? *least : std::min(first_ns_, *least);
  last_ns_ = first ? *most : std::max(last_ns_, *most);
  return absl::OkStatus();
}

void TableSource::TakeStrata(const std::vector<Value>& values) {
  batch_.strata.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].type() == Value::Type::kText) {
      batch_.strata[i] = values[i].as_text();
      continue;
    }
    batch_.strata[i] = *names_of_numbers_.insert(StratumText(values[i])).first;
  }
}

absl::Status TableSource::TakeProbabilities(const std::vector<Value>& values) {
  const bool weights = !options_.weight_column.empty();
  const std::string& column = weights ? options_.weight_column : options_.probability_column;
  batch_.inclusion_probabilities.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double number = NumberOf(values[i]);
    if (weights && !(number >= 1 && std::isfinite(number))) {
      return Fault(column, i, Concat("expected a weight of 1 or more, got ", Shown(number)));
    }
    if (!weights && !(number > 0 && number <= 1)) {
      return Fault(column, i,
                   Concat("expected an inclusion probability above 0 and up to 1, got ", Shown(number),
                          number > 1 ? ": weights are named with --weight" : ""));
    }
    batch_.inclusion_probabilities[i] = weights ? 1 / number : number;
  }
  return absl::OkStatus();
}

std::vector<std::string> TableSource::warnings() const {
  std::vector<std::string> all = warnings_;
  all.insert(all.end(), features_.warnings().begin(), features_.warnings().end());
  return all;
}

DataSide TableSource::side() const {
  DataSide side;
  side.source = JoinNames(options_.files);
  if (reader_->files().size() > options_.files.size()) {
    side.source += Concat(" (", reader_->files().size(), " files)");
  }
  side.rows = reader_->rows_read();
  side.first_ns = first_ns_;
  side.last_ns = last_ns_;
  return side;
}

}  // namespace drift
