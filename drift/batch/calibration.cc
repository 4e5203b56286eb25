#include "drift/batch/calibration.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "absl/strings/str_format.h"
#include "drift/feature_evaluation.h"
#include "drift/multiplicity.h"
#include "drift/profile/text.h"
#include "drift/readiness.h"

namespace drift {
namespace {

constexpr int kBisections = 40;
constexpr double kEulerGamma = 0.57721566490153286;
constexpr double kLeastTolerance = 0.001;
constexpr double kLargestKs = 1;

/// A chunk against all other chunks: its ready features.
struct ComparedChunk {
  std::vector<FeatureEvaluation> features;
  double resolution = 0;  // the least PSI tolerance with which all of them stay ready
};

std::vector<uint64_t> AllOthers(const std::vector<uint64_t>& all, const std::vector<uint64_t>& own) {
  std::vector<uint64_t> others(all.size());
  for (size_t i = 0; i < all.size(); ++i) others[i] = all[i] - own[i];
  return others;
}

ComparedChunk CompareChunk(const Blocks& blocks, const std::vector<uint64_t>& others, double rows,
                           const ThresholdSettings& thresholds) {
  const std::vector<Measure> measures = {Measure::kPsi, Measure::kKs};
  ThresholdSettings unit = thresholds;
  unit.psi_warn = 1;
  ComparedChunk compared;
  const View view = blocks.Population();
  const Layout& layout = blocks.layout();
  for (size_t f = 0; f < layout.features(); ++f) {
    const auto cells = std::span(others).subspan(layout.cell_offset(f), layout.feature(f).cells());
    const ReferenceSums sums(layout.feature(f), {cells, rows, rows});
    FeatureEvaluation evaluation = EvaluateFeature(view, f, sums, thresholds, measures);
    if (!evaluation.result.ready) continue;
    const double needed = NeededReferenceRows(layout.feature(f).bins(), unit);
    compared.resolution =
        std::max(compared.resolution, needed * (1 / evaluation.result.effective_samples + 1 / rows));
    compared.features.push_back(std::move(evaluation));
  }
  return compared;
}

/// Whether any feature reaches `warning` by this measure with this tolerance.
bool Alarms(const ComparedChunk& chunk, Measure measure, double tolerance, const ThresholdSettings& thresholds) {
  std::vector<double> p_values;
  for (const FeatureEvaluation& feature : chunk.features) {
    if (measure == Measure::kPsi && feature.psi) p_values.push_back(feature.psi->PValue(tolerance));
    if (measure == Measure::kKs && feature.ks) p_values.push_back(feature.ks->PValue(tolerance));
  }
  const std::vector<double> adjusted = Adjust(p_values, thresholds.multiplicity);
  return std::any_of(adjusted.begin(), adjusted.end(), [&](double p) { return p <= thresholds.alpha; });
}

double LargestValue(const ComparedChunk& chunk, Measure measure) {
  double largest = 0;
  for (const FeatureEvaluation& feature : chunk.features) {
    if (measure == Measure::kPsi && feature.psi) largest = std::max(largest, feature.psi->value());
    if (measure == Measure::kKs && feature.ks) largest = std::max(largest, feature.ks->value());
  }
  return largest;
}

bool Has(const ComparedChunk& chunk, Measure measure) {
  return std::any_of(chunk.features.begin(), chunk.features.end(), [measure](const FeatureEvaluation& feature) {
    return measure == Measure::kPsi ? feature.psi.has_value() : feature.ks.has_value();
  });
}

/// The tolerance from which on the chunk does not alarm.
double LeastTolerance(const ComparedChunk& chunk, Measure measure, const ThresholdSettings& thresholds) {
  if (!Alarms(chunk, measure, 0, thresholds)) return 0;
  double low = 0, high = LargestValue(chunk, measure);
  for (int i = 0; i < kBisections && high - low > 1e-9; ++i) {
    const double middle = (low + high) / 2;
    (Alarms(chunk, measure, middle, thresholds) ? low : high) = middle;
  }
  return high;
}

/// Up to three significant digits.
double RoundUp(double value) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
  return std::ceil(value / unit - 1e-9) * unit;
}

std::string MethodText(size_t chunks, double rate, bool extrapolated) {
  if (extrapolated) {
    return absl::StrFormat("Gumbel law fitted to the least tolerances of %d chunks, %g quantile", chunks, 1 - rate);
  }
  return absl::StrFormat("least tolerance number %d of %d chunks",
                         static_cast<int>(std::ceil(static_cast<double>(chunks + 1) * (1 - rate) - 1e-9)), chunks);
}

absl::StatusOr<CalibratedMeasure> CalibrateMeasure(const std::vector<ComparedChunk>& chunks, Measure measure,
                                                   const CalibrationSettings& settings) {
  const ThresholdSettings& thresholds = settings.thresholds;
  const bool psi = measure == Measure::kPsi;
  CalibratedMeasure calibrated;
  calibrated.measure = measure;
  std::vector<double> tolerances;
  double resolution = kLeastTolerance;
  for (const ComparedChunk& chunk : chunks) {
    if (!Has(chunk, measure)) continue;
    tolerances.push_back(LeastTolerance(chunk, measure, thresholds));
    if (psi) resolution = std::max(resolution, chunk.resolution);
  }
  calibrated.chunks = tolerances.size();
  if (tolerances.empty()) return calibrated;
  if (tolerances.size() < kLeastChunks) {
    return absl::FailedPreconditionError(Concat("expected at least ", kLeastChunks, " chunks with rows enough for ",
                                                Name(measure), ", got ", tolerances.size(),
                                                ": choose shorter chunks, or a longer history"));
  }
  const auto alarms = [&tolerances](double tolerance) {
    const auto above = std::count_if(tolerances.begin(), tolerances.end(), [=](double t) { return t > tolerance; });
    return static_cast<double>(above) / static_cast<double>(tolerances.size());
  };
  double warn = ToleranceQuantile(tolerances, settings.false_alarm_rate, calibrated.extrapolated);
  calibrated.at_resolution = warn < resolution;
  warn = RoundUp(std::max(warn, resolution));
  const double before = psi ? thresholds.psi_warn : thresholds.ks_warn;
  const double ratio = (psi ? thresholds.psi_alert : thresholds.ks_alert) / std::max(before, kLeastTolerance);
  calibrated.warn = psi ? warn : std::min(warn, 0.99 * kLargestKs);
  calibrated.alert = RoundUp(calibrated.warn * std::max(ratio, 1.01));
  if (!psi) calibrated.alert = std::min(calibrated.alert, kLargestKs);
  calibrated.method = MethodText(tolerances.size(), settings.false_alarm_rate, calibrated.extrapolated);
  calibrated.before = alarms(before);
  calibrated.after = alarms(calibrated.warn);
  return calibrated;
}

}  // namespace

double ToleranceQuantile(std::vector<double> values, double rate, bool& extrapolated) {
  std::sort(values.begin(), values.end());
  const double count = static_cast<double>(values.size());
  const auto place = static_cast<size_t>(std::ceil((count + 1) * (1 - rate) - 1e-9));
  extrapolated = place > values.size();
  if (!extrapolated) return values[std::max<size_t>(place, 1) - 1];
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (const double value : values) squares += (value - mean) * (value - mean) / (count - 1);
  const double scale = std::sqrt(6 * squares) / std::numbers::pi;
  return std::max(values.back(), mean - kEulerGamma * scale - scale * std::log(-std::log1p(-rate)));
}

absl::StatusOr<std::vector<CalibratedMeasure>> Calibrate(const History& history, const CalibrationSettings& settings) {
  std::vector<uint64_t> all;
  double rows = 0;
  for (const auto& [start, chunk] : history.chunks) {
    const std::vector<uint64_t> own = chunk->counter.blocks().PlainCells();
    all.resize(own.size(), 0);
    for (size_t i = 0; i < own.size(); ++i) all[i] += own[i];
    rows += static_cast<double>(chunk->counter.blocks().rows());
  }
  std::vector<ComparedChunk> chunks;
  for (const auto& [start, chunk] : history.chunks) {
    const Blocks& blocks = chunk->counter.blocks();
    const double others = rows - static_cast<double>(blocks.rows());
    if (others <= 0) continue;
    chunks.push_back(CompareChunk(blocks, AllOthers(all, blocks.PlainCells()), others, settings.thresholds));
  }
  std::vector<CalibratedMeasure> calibrated;
  for (const Measure measure : {Measure::kPsi, Measure::kKs}) {
    const auto one = CalibrateMeasure(chunks, measure, settings);
    if (!one.ok()) return one.status();
    if (one->chunks > 0) calibrated.push_back(*one);
  }
  if (!calibrated.empty()) return calibrated;
  return absl::FailedPreconditionError(
      Concat("expected at least ", kLeastChunks, " chunks with enough rows, got none"));
}

}  // namespace drift
