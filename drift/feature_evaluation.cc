#include "drift/feature_evaluation.h"

#include <algorithm>
#include <cmath>

#include "drift/chi_squared.h"
#include "drift/distances.h"
#include "drift/readiness.h"

namespace drift {
namespace {

// `shares`: of the reference; empty where it has no rows.
void FillBins(const FeatureLayout& layout, std::span<const double> shares, FeatureResult& result) {
  result.bins.resize(layout.bins());
  for (std::uint32_t b = 0; b < layout.bins(); ++b) {
    result.bins[b].label = layout.BinLabel(b);
    result.bins[b].lower = layout.BinLower(b);
    result.bins[b].upper = layout.BinUpper(b);
  }
  for (std::size_t b = 0; b < shares.size(); ++b) result.bins[b].reference_share = shares[b];
  result.reference_missing_ratio = result.bins[layout.missing_bin()].reference_share;
}

void FillEstimate(const BinEstimate& estimate, FeatureResult& result) {
  for (Bin& bin : result.bins) bin.current_share = 0;
  for (std::size_t i = 0; i < estimate.size(); ++i) result.bins[estimate.bins[i]].current_share = estimate.current[i];
  result.kept_rows = estimate.kept;
  result.kish_samples = estimate.kish;
  result.effective_samples = estimate.size() > 1 ? EffectiveSamples(estimate) : estimate.kish;
  result.design_effect = estimate.design_effect;
}

MeasureResult PsiResult(const PsiTest& test, const ThresholdSettings& thresholds) {
  MeasureResult result;
  result.measure = Measure::kPsi;
  result.value = test.value();
  result.bias_corrected = test.bias_corrected();
  result.warn_threshold = test.Threshold(thresholds.psi_warn, thresholds.alpha);
  result.alert_threshold = test.Threshold(thresholds.psi_alert, thresholds.alpha);
  result.p_value = test.PValue(thresholds.psi_warn);
  result.p_value_alert = test.PValue(thresholds.psi_alert);
  result.p_value_no_drift = test.PValue(0);
  return result;
}

MeasureResult KsResult(const KsTest& test, const ThresholdSettings& thresholds) {
  MeasureResult result;
  result.measure = Measure::kKs;
  result.value = test.value();
  result.value_upper = test.upper();
  result.warn_threshold = test.Threshold(thresholds.ks_warn, thresholds.alpha);
  result.alert_threshold = test.Threshold(thresholds.ks_alert, thresholds.alpha);
  result.p_value = test.PValue(thresholds.ks_warn);
  result.p_value_alert = test.PValue(thresholds.ks_alert);
  result.p_value_no_drift = test.PValue(0);
  return result;
}

double Distance(Measure measure, const BinEstimate& estimate, double samples) {
  switch (measure) {
    case Measure::kJensenShannon: return JensenShannonDistance(estimate.reference, estimate.current);
    case Measure::kHellinger: return HellingerDistance(estimate.reference, estimate.current);
    case Measure::kLInfinity: return LInfinityDistance(estimate.reference, estimate.current);
    default: break;
  }
  return ChiSquareDistance(estimate.smooth, Smooth(estimate.current, samples));
}

bool Asks(std::span<const Measure> measures, Measure measure) {
  return std::find(measures.begin(), measures.end(), measure) != measures.end();
}

// The measures that this feature can have and that are asked for.
void Measures(const View& view, std::size_t feature, const ReferenceSums& reference, const BinEstimate& estimate,
              const ThresholdSettings& thresholds, std::span<const Measure> measures, const SampleDistance* exact,
              FeatureEvaluation& evaluation) {
  const FeatureLayout& layout = view.layout->feature(feature);
  const FeatureReference& profile = view.layout->reference().features[feature];
  FeatureResult& result = evaluation.result;
  result.measures.reserve(measures.size());
  if (Asks(measures, Measure::kPsi) && estimate.size() > 1) {
    evaluation.psi.emplace(estimate, result.effective_samples);
    result.measures.push_back(PsiResult(*evaluation.psi, thresholds));
  }
  const bool wants_cells = Asks(measures, Measure::kKs) || Asks(measures, Measure::kWasserstein);
  if (wants_cells && result.kind == Kind::kNumeric) {
    if (const auto cells = EstimateCells(view, feature, reference, estimate)) {
      if (Asks(measures, Measure::kKs)) {
        evaluation.ks.emplace(layout, *cells, exact == nullptr ? nullptr : &exact->ks);
        result.measures.push_back(KsResult(*evaluation.ks, thresholds));
      }
      if (Asks(measures, Measure::kWasserstein)) {
        MeasureResult distance;
        distance.measure = Measure::kWasserstein;
        const bool of_rows = exact != nullptr && exact->wasserstein;
        distance.value = of_rows ? *exact->wasserstein
                                 : WassersteinDistance(layout, *cells, profile.standard_deviation);
        result.measures.push_back(distance);
      }
    }
  }
  for (const Measure measure :
       {Measure::kJensenShannon, Measure::kHellinger, Measure::kLInfinity, Measure::kChiSquare}) {
    if (!Asks(measures, measure)) continue;
    MeasureResult distance;
    distance.measure = measure;
    distance.value = Distance(measure, estimate, result.effective_samples);
    result.measures.push_back(distance);
  }
}

}  // namespace

double MissingPValue(double reference_share, double reference_rows, double share, double rows) {
  if (!(rows > 0) || !(reference_rows > 0)) return 1;
  const double pooled = (reference_share * reference_rows + share * rows) / (reference_rows + rows);
  const double variance = pooled * (1 - pooled) * (1 / reference_rows + 1 / rows);
  if (!(variance > 0)) return 1;
  return std::min(1.0, 2 * NormalUpperTail(std::fabs(share - reference_share) / std::sqrt(variance)));
}

double MissingPValue(const BinEstimate& estimate, double samples) {
  const double rows = estimate.missing_samples > 0 ? estimate.missing_samples : samples;
  return MissingPValue(estimate.reference_missing, estimate.effective_rows, estimate.missing, rows);
}

FeatureEvaluation EvaluateFeature(const View& view, std::size_t feature, const ReferenceSums& reference,
                                  const ThresholdSettings& thresholds, std::span<const Measure> measures,
                                  const SampleDistance* exact) {
  const FeatureReference& profile = view.layout->reference().features[feature];
  FeatureEvaluation evaluation;
  FeatureResult& result = evaluation.result;
  result.name = profile.name;
  result.role = profile.role;
  result.kind = profile.kind;
  const FeatureLayout& layout = view.layout->feature(feature);
  FillBins(layout, reference.shares, result);
  if (view.kept <= 0 || reference.rows <= 0) {
    result.reason = reference.rows <= 0 ? "the reference has no row of this stratum" : "no row was kept";
    return evaluation;
  }
  const BinEstimate estimate = EstimateBins(view, feature, reference);
  FillEstimate(estimate, result);
  result.reason = WhyNotReady(result.effective_samples, estimate.size(), reference.effective_rows, thresholds);
  if (result.reason.empty()) result.reason = view.thin_reason;
  if (!result.reason.empty()) return evaluation;
  result.ready = true;
  if (estimate.size() < 2) result.reason = "constant";
  result.missing_ratio = estimate.missing;
  result.missing_p_value = MissingPValue(estimate, result.effective_samples);
  Measures(view, feature, reference, estimate, thresholds, measures, exact, evaluation);
  return evaluation;
}

}  // namespace drift
