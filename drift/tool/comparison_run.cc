#include "drift/tool/comparison_run.h"

#include "drift/profile/text.h"
#include "drift/report/evidently_json.h"
#include "drift/report/page.h"
#include "drift/report/report_json.h"
#include "drift/report/summary_text.h"
#include "drift/tool/current_source.h"
#include "drift/tool/progress_bar.h"
#include "drift/tool/topic_current.h"

namespace drift {
namespace {

std::string WeightsText(const ComparisonOptions& options) {
  if (IsTopic(options)) return "inclusion probabilities of the records";
  if (!options.weight_column.empty()) return Concat("weights, column ", options.weight_column);
  if (!options.probability_column.empty()) {
    return Concat("inclusion probabilities, column ", options.probability_column);
  }
  return "each row alike";
}

void FillInput(const ComparisonOptions& options, const Console& console, FinishedComparison& finished) {
  const Reference& reference = *finished.reference.reference;
  ReportInput& input = finished.input;
  input.model_name = reference.model_name.empty() ? "data" : reference.model_name;
  input.model_version = reference.model_version;
  input.reference = &reference;
  input.evaluation = &finished.batch.evaluation;
  input.window_ns = finished.batch.current.last_ns - finished.batch.current.first_ns;
  input.thresholds = finished.reference.monitor.thresholds;
  input.dataset_drift_share = finished.reference.monitor.dataset_drift_share;
  input.history = finished.batch.history;
  input.appeared = finished.batch.appeared;
  Comparison comparison;
  comparison.reference = {finished.reference.source, reference.hash, reference.rows, 0, 0};
  comparison.current = finished.batch.current;
  comparison.weights = WeightsText(options);
  comparison.program = console.program;
  comparison.made_ns = console.unix_ns();
  input.comparison = std::move(comparison);
}

}  // namespace

absl::StatusOr<std::unique_ptr<FinishedComparison>> RunComparison(ComparisonOptions options, const Console& console) {
  if (options.current.empty()) return absl::InvalidArgumentError("expected --current, the rows to judge");
  auto finished = std::make_unique<FinishedComparison>();
  options.reference.not_features = {options.time_column, options.stratum_column, options.probability_column,
                                    options.weight_column};
  options.reference.stratum_column = options.stratum_column;
  options.reference.unequal_weights =
      IsTopic(options) || !options.probability_column.empty() || !options.weight_column.empty();
  ProgressBar reading(console, "reference", options.quiet);
  auto reference = OpenReference(options.reference, [&reading](double done, uint64_t rows) {
    reading.Show(done, rows);
  });
  reading.Clear();
  if (!reference.ok()) return reference.status();
  finished->reference = *std::move(reference);
  auto source = OpenCurrent(finished->reference, options, console);
  if (!source.ok()) return source.status();
  ProgressBar comparing(console, "current", options.quiet);
  ComparisonSettings settings;
  settings.evaluator = finished->reference.monitor.evaluator();
  settings.reference_samples = std::move(finished->reference.samples);
  settings.progress = [&comparing](double done, uint64_t rows) { comparing.Show(done, rows); };
  auto batch = CompareBatch(finished->reference.reference, **source, settings);
  comparing.Clear();
  if (!batch.ok()) return batch.status();
  finished->batch = *std::move(batch);
  auto& warnings = finished->batch.evaluation.warnings;
  warnings.insert(warnings.begin(), finished->reference.warnings.begin(), finished->reference.warnings.end());
  FillInput(options, console, *finished);
  return finished;
}

void AddReports(const FinishedComparison& finished, const ComparisonOptions& options, Outputs& outputs) {
  const ReportInput& input = finished.input;
  if (!options.html.empty()) outputs.Add(options.html, RenderPage(input, 0));
  if (!options.json.empty()) outputs.Add(options.json, RenderJson({input}, input.comparison->made_ns));
  if (!options.evidently_json.empty()) outputs.Add(options.evidently_json, RenderEvidentlyJson(input));
  if (!options.summary.empty()) outputs.Add(options.summary, RenderSummary(input));
}

}  // namespace drift
