#include "drift/batch/comparison.h"

#include <algorithm>
#include <limits>

#include "drift/batch/cell_columns.h"
#include "drift/evaluator.h"
#include "drift/feature_evaluation.h"
#include "drift/profile/text.h"
#include "drift/profile/units.h"

namespace drift {
namespace {

constexpr size_t kCoursePoints = 60;
constexpr uint64_t kRowsOfPoint = 250;

void AddWarnings(const RowCounter& counter, const DataSide& side, const Reference& reference,
                 std::vector<std::string>& warnings) {
  if (counter.folded_rows() > 0) {
    warnings.push_back(Concat(counter.folded_rows(), " rows are of strata beyond the first ",
                              RowCounter::kMostStrata - 1, " and were counted as stratum 'other'"));
  }
  if (counter.blocks().rounded_rates() > 0) {
    warnings.push_back(Concat(counter.blocks().rounded_rates(), " rows have one of more than ", Blocks::kExactRates,
                              " inclusion probabilities, which were rounded to steps of 2.2 %"));
  }
  const int64_t span = side.last_ns - side.first_ns;
  if (counter.has_times() && span < reference.cycle_ns / 2) {
    warnings.push_back(Concat("the rows span ", FormatDuration(span), ", less than the reference's cycle of ",
                              FormatDuration(reference.cycle_ns),
                              ": against all hours, one part of the cycle always drifts"));
  }
}

/// Where the stretches of a course begin, and the end: each with about the same number of rows.
std::vector<size_t> StretchesOf(const Blocks& blocks) {
  const uint64_t wanted = std::max<uint64_t>(kRowsOfPoint, blocks.rows() / kCoursePoints);
  std::vector<size_t> begins = {0};
  uint64_t rows = 0;
  for (size_t block = 0; block < blocks.size(); ++block) {
    if (rows >= wanted) begins.push_back(block);
    if (rows >= wanted) rows = 0;
    rows += blocks.rows_of(block);
  }
  if (rows < wanted && begins.size() > 1) begins.pop_back();  // the last rows are too few for a point of their own
  begins.push_back(blocks.size());
  return begins;
}

}  // namespace

std::vector<HistoryPoint> PsiCourse(const Blocks& blocks, const ThresholdSettings& thresholds) {
  std::vector<HistoryPoint> course;
  const std::vector<size_t> begins = StretchesOf(blocks);
  if (begins.size() < 3) return course;
  const Reference& reference = blocks.layout().reference();
  const std::vector<Measure> measures = {Measure::kPsi};
  for (size_t i = 0; i + 1 < begins.size(); ++i) {
    const View view = blocks.Stretch(begins[i], begins[i + 1]);
    HistoryPoint point;
    point.time_ns = blocks.begin_of(begins[i]);
    for (size_t f = 0; f < reference.features.size(); ++f) {
      const double rows = static_cast<double>(reference.rows);
      const ReferenceSums sums(blocks.layout().feature(f), {reference.features[f].cell_counts, rows, rows});
      const FeatureEvaluation evaluation = EvaluateFeature(view, f, sums, thresholds, measures);
      point.psi.push_back(evaluation.psi ? evaluation.psi->value() : std::numeric_limits<double>::quiet_NaN());
    }
    course.push_back(std::move(point));
  }
  return course;
}

absl::StatusOr<ComparedBatch> CompareBatch(std::shared_ptr<const Reference> reference, RowSource& source,
                                           const ComparisonSettings& settings) {
  const auto layout = std::make_shared<const Layout>(reference);
  CellColumns columns(layout);
  RowCounter counter(layout);
  CurrentSamples samples(reference, settings.reference_samples);
  while (true) {
    const auto batch = source.Next();
    if (!batch.ok()) return batch.status();
    if (*batch == nullptr) break;
    if (const absl::Status status = columns.Convert(**batch, source, &samples); !status.ok()) return status;
    if (!(*batch)->inclusion_probabilities.empty()) samples.GiveUp();
    counter.Add(**batch, columns.cells(), 0, (*batch)->rows);
    if (settings.progress) settings.progress(source.progress(), counter.blocks().rows());
  }
  ComparedBatch compared;
  compared.current = source.side();
  if (counter.blocks().rows() == 0) {
    return absl::InvalidArgumentError(Concat(compared.current.source, ": expected rows, got none"));
  }
  compared.current.rows = counter.blocks().rows();
  compared.current.hash = columns.hash();
  Evaluator evaluator(reference, BatchSettings(settings.evaluator), 0);
  compared.evaluation =
      evaluator.Evaluate(counter.blocks(), compared.current.last_ns, samples.Distances(settings.evaluator));
  std::vector<std::string>& warnings = compared.evaluation.warnings;
  const std::vector<std::string> read = source.warnings();
  warnings.insert(warnings.end(), read.begin(), read.end());
  AddWarnings(counter, compared.current, *reference, warnings);
  if (counter.has_times()) compared.history = PsiCourse(counter.blocks(), settings.evaluator.thresholds);
  compared.appeared = counter.Appeared(settings.appeared_categories);
  return compared;
}

}  // namespace drift
