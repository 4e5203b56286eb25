#include "server/metrics/drift_families.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "drift/report/text.h"

namespace driftserve {
namespace {

using drift::State;
using prometheus::MetricType;

constexpr std::array<State, 6> kStates = {State::kWarming, State::kObserving, State::kStable,
                                          State::kWarning, State::kDrifted,   State::kStale};
constexpr size_t kBinTextBytes = 80;

const char* Prefixed(drift::Role role, const char* feature, const char* prediction, const char* label) {
  return role == drift::Role::kFeature ? feature : role == drift::Role::kPrediction ? prediction : label;
}

#define DRIFTSERVE_ROLE_NAME(role, suffix) \
  Prefixed(role, "model_feature_" suffix, "model_prediction_" suffix, "model_label_" suffix)

FamilyBuilder Gauge(const char* name, const char* help) { return FamilyBuilder(name, help, MetricType::Gauge); }

}  // namespace

size_t StratumIndex(const ModelSnapshot& snapshot, const std::string& stratum) {
  const auto found = std::find(snapshot.strata.begin(), snapshot.strata.end(), stratum);
  return static_cast<size_t>(found - snapshot.strata.begin());
}

const std::string& StratumLabel(const std::string& name, size_t index) {
  static const std::string kOther = "other";
  return index < kStratumLabels ? name : kOther;
}

std::string BinLabel(size_t index, const std::string& text) {
  std::string label = std::to_string(index);
  if (label.size() < 2) label.insert(0, "0");
  return label + ' ' + drift::Utf8(text, kBinTextBytes);
}

RoleFamilies::RoleFamilies(drift::Role role)
    : label_(Prefixed(role, "feature", "output", "label")),
      drift_(Gauge(DRIFTSERVE_ROLE_NAME(role, "drift"), "Distance between reference and window; absent until ready.")),
      threshold_(Gauge(DRIFTSERVE_ROLE_NAME(role, "drift_threshold"),
                       "Value above which the distance exceeds the level's tolerance, at alpha and this sample size.")),
      p_value_(Gauge(DRIFTSERVE_ROLE_NAME(role, "drift_p_value"),
                     "Chance of such a distance where the true one is at most the warning tolerance; unadjusted.")),
      state_(Gauge(DRIFTSERVE_ROLE_NAME(role, "drift_state"), "1 for the state that holds, 0 for the others.")),
      bias_corrected_(Gauge(DRIFTSERVE_ROLE_NAME(role, "drift_bias_corrected"),
                            "PSI less what chance alone adds; may be negative.")),
      stratum_drift_(Gauge(DRIFTSERVE_ROLE_NAME(role, "stratum_drift"), "The same distance within one stratum.")),
      effective_samples_(
          Gauge(DRIFTSERVE_ROLE_NAME(role, "effective_samples"), "Independent rows that the window's rows are worth.")),
      design_effect_(Gauge(DRIFTSERVE_ROLE_NAME(role, "design_effect"),
                           "Measured variance of the bins' shares over that of independent rows.")),
      missing_ratio_(Gauge(DRIFTSERVE_ROLE_NAME(role, "missing_ratio"), "Share of missing values, weighted.")) {}

void RoleFamilies::AddMeasure(const MetricLabels& feature, const drift::MeasureResult& measure) {
  const MetricLabels labels = With(feature, "drift_type", drift::Name(measure.measure));
  drift_.Add(labels, measure.value);
  if (measure.warn_threshold) threshold_.Add(With(labels, "level", "warn"), *measure.warn_threshold);
  if (measure.alert_threshold) threshold_.Add(With(labels, "level", "alert"), *measure.alert_threshold);
  if (measure.p_value) p_value_.Add(labels, *measure.p_value);
  if (measure.bias_corrected) bias_corrected_.Add(labels, *measure.bias_corrected);
  if (!measure.warn_threshold) return;  // a plain distance is not judged and has no state
  for (const State state : kStates) {
    state_.Add(With(labels, "state", drift::Name(state)), state == measure.state ? 1 : 0);
  }
}

void RoleFamilies::AddPopulation(const MetricLabels& model, const drift::FeatureResult& feature) {
  const MetricLabels labels = With(model, label_, feature.name);
  if (feature.effective_samples > 0) effective_samples_.Add(labels, feature.effective_samples);
  if (feature.missing_ratio) missing_ratio_.Add(labels, *feature.missing_ratio);
  if (!feature.ready) return;
  design_effect_.Add(labels, feature.design_effect);
  for (const drift::MeasureResult& measure : feature.measures) AddMeasure(labels, measure);
}

void RoleFamilies::AddStratum(const MetricLabels& model, const std::string& stratum,
                              const drift::FeatureResult& feature) {
  if (!feature.ready) return;
  const MetricLabels labels = With(model, label_, feature.name, "stratum", stratum);
  for (const drift::MeasureResult& measure : feature.measures) {
    stratum_drift_.Add(With(labels, "drift_type", drift::Name(measure.measure)), measure.value);
  }
}

void RoleFamilies::MoveTo(std::vector<prometheus::MetricFamily>& families) {
  for (FamilyBuilder* family : {&drift_, &threshold_, &p_value_, &state_, &bias_corrected_, &stratum_drift_,
                                &effective_samples_, &design_effect_, &missing_ratio_}) {
    family->MoveTo(families);
  }
}

AdditiveFamilies::AdditiveFamilies()
    : rows_("model_stratum_rows_total",
            "Rows answered (seen), sampled (kept), and sampled but lost before the observer (dropped).",
            MetricType::Counter),
      bins_("model_feature_bin_observations_total", "Sampled rows by bin of the feature, unweighted.",
            MetricType::Counter),
      reference_ratio_("model_feature_reference_ratio", "The reference's share of each bin.", MetricType::Gauge) {}

void AdditiveFamilies::Add(const MetricLabels& model, const ModelSnapshot& snapshot) {
  AddRows(model, snapshot);
  AddBins(model, snapshot);
  AddReference(model, snapshot.evaluation);
}

void AdditiveFamilies::AddRows(const MetricLabels& model, const ModelSnapshot& snapshot) {
  if (!snapshot.rows) return;
  std::map<std::pair<std::string, uint32_t>, RowCounts> by_label;
  for (const RowCounts& counts : snapshot.rows()) {
    const std::string& stratum = StratumLabel(counts.stratum, StratumIndex(snapshot, counts.stratum));
    RowCounts& rows = by_label[{stratum, counts.rule}];
    rows.seen += counts.seen;
    rows.kept += counts.kept;
    rows.dropped += counts.dropped;
  }
  for (const auto& [key, rows] : by_label) {
    const MetricLabels labels = With(model, "stratum", key.first, "rule", std::to_string(key.second));
    rows_.Add(With(labels, "outcome", "seen"), rows.seen);
    rows_.Add(With(labels, "outcome", "kept"), static_cast<double>(rows.kept));
    rows_.Add(With(labels, "outcome", "dropped"), static_cast<double>(rows.dropped));
  }
}

void AdditiveFamilies::AddBins(const MetricLabels& model, const ModelSnapshot& snapshot) {
  struct Series {
    const BinCounts* labels;
    std::vector<uint64_t> observations;
  };
  // Strata that share a label are one series.
  std::map<std::tuple<std::string_view, std::string_view, uint32_t>, Series> merged;
  for (const BinCounts& counts : snapshot.bins) {
    const std::string& stratum = StratumLabel(counts.stratum, StratumIndex(snapshot, counts.stratum));
    Series& series = merged[{counts.feature, stratum, counts.rule}];
    series.labels = &counts;
    series.observations.resize(counts.observations.size());
    for (size_t bin = 0; bin < counts.observations.size(); ++bin) series.observations[bin] += counts.observations[bin];
  }
  for (const auto& [key, series] : merged) {
    const auto& [feature, stratum, rule_version] = key;
    const MetricLabels labels =
        With(With(model, "feature", feature), "stratum", stratum, "rule", std::to_string(rule_version));
    for (size_t bin = 0; bin < series.observations.size(); ++bin) {
      const std::string text = bin < series.labels->bins.size() ? series.labels->bins[bin] : std::string();
      bins_.Add(With(labels, "bin", BinLabel(bin, text)), static_cast<double>(series.observations[bin]));
    }
  }
}

void AdditiveFamilies::AddReference(const MetricLabels& model, const drift::Evaluation& evaluation) {
  for (const drift::FeatureResult& feature : evaluation.population.features) {
    if (feature.role == drift::Role::kLabel) continue;  // its rows are not the traffic's, so they do not add up here
    const MetricLabels labels = With(With(model, "feature", feature.name), "role", drift::Name(feature.role), "kind",
                                     drift::Name(feature.kind));
    for (size_t bin = 0; bin < feature.bins.size(); ++bin) {
      reference_ratio_.Add(With(labels, "bin", BinLabel(bin, feature.bins[bin].label.str())),
                           feature.bins[bin].reference_share);
    }
  }
}

void AdditiveFamilies::MoveTo(std::vector<prometheus::MetricFamily>& families) {
  rows_.MoveTo(families);
  bins_.MoveTo(families);
  reference_ratio_.MoveTo(families);
}

}  // namespace driftserve
