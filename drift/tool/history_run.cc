#include "drift/tool/history_run.h"

#include "drift/profile/text.h"
#include "drift/tool/current_source.h"
#include "drift/tool/progress_bar.h"

namespace drift {
namespace {

constexpr ErrorMeasure kErrors[] = {ErrorMeasure::kLogLoss, ErrorMeasure::kAbsoluteError, ErrorMeasure::kSquaredError,
                                    ErrorMeasure::kZeroOne};

/// The measure of the model's error; nothing where no labels were named.
absl::StatusOr<std::optional<ErrorMeasure>> ErrorOf(const HistoryRunOptions& options, const MonitorSettings& monitor) {
  if (options.label_column.empty() != options.prediction_column.empty()) {
    return absl::InvalidArgumentError("expected --label and --prediction together, got one of them");
  }
  if (options.label_column.empty()) return std::optional<ErrorMeasure>();
  if (options.error.empty() && monitor.labels) return std::optional<ErrorMeasure>(monitor.labels->error);
  for (const ErrorMeasure measure : kErrors) {
    if (options.error == Name(measure)) return std::optional<ErrorMeasure>(measure);
  }
  return absl::InvalidArgumentError(
      Concat("expected --error log_loss, absolute_error, squared_error or zero_one, got '", options.error, "'"));
}

TableSourceOptions SourceOptions(const HistoryRunOptions& options) {
  TableSourceOptions table;
  table.files = options.data;
  table.time_column = options.time_column;
  table.probability_column = options.probability_column;
  table.weight_column = options.weight_column;
  if (!options.label_column.empty()) {
    table.more = {{options.prediction_column, ColumnType::kAsStored}, {options.label_column, ColumnType::kAsStored}};
  }
  return table;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CountedHistory>> ReadHistory(HistoryRunOptions options, const Console& console) {
  const auto chunking = Chunking::Parse(options.chunk);
  if (!chunking.ok()) return absl::InvalidArgumentError(Concat("--chunk: ", std::string(chunking.status().message())));
  if (options.reference.file.empty() && options.reference.data.empty()) options.reference.data = options.data;
  options.reference.not_features = {options.time_column, options.probability_column, options.weight_column,
                                    options.label_column};
  ProgressBar reading(console, "reference", options.quiet);
  auto reference = OpenReference(options.reference, [&reading](double done, uint64_t rows) {
    reading.Show(done, rows);
  });
  reading.Clear();
  if (!reference.ok()) return reference.status();
  const auto error = ErrorOf(options, reference->monitor);
  if (!error.ok()) return error.status();
  auto source = OpenTable(*reference, options.reference.model_config, SourceOptions(options));
  if (!source.ok()) return source.status();
  ProgressBar counting(console, "history", options.quiet);
  HistoryOptions settings{*chunking, *error, [&counting](double done, uint64_t rows) { counting.Show(done, rows); }};
  auto history = CountHistory(std::make_shared<const Layout>(reference->reference), **source, settings);
  counting.Clear();
  if (!history.ok()) return history.status();
  history->warnings.insert(history->warnings.begin(), reference->warnings.begin(), reference->warnings.end());
  return std::make_unique<CountedHistory>(
      CountedHistory{*std::move(reference), *chunking, *error, *std::move(history)});
}

}  // namespace drift
