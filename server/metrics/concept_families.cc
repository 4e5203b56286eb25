#include "server/metrics/concept_families.h"

#include <array>
#include <string_view>

namespace driftserve {
namespace {

using drift::State;
using prometheus::MetricType;

constexpr std::array<State, 6> kStates = {State::kWarming, State::kObserving, State::kStable,
                                          State::kWarning, State::kDrifted,   State::kStale};

void AddStates(const MetricLabels& labels, State state, FamilyBuilder& family) {
  for (const State one : kStates) family.Add(With(labels, "state", drift::Name(one)), one == state ? 1 : 0);
}

}  // namespace

ConceptFamilies::ConceptFamilies()
    : drift_("model_concept_drift", "The detector's statistic on the weighted errors; absent until there is one.",
             MetricType::Gauge),
      threshold_("model_concept_drift_threshold", "Value above which the detector alarms.", MetricType::Gauge),
      state_("model_concept_drift_state",
             "1 for the state that holds, 0 for the others; detector \"all\" is the verdict of all of them.",
             MetricType::Gauge),
      alarms_("model_concept_drift_alarms_total", "Changes of the error's level that the detector found.",
              MetricType::Counter),
      join_ratio_("model_label_join_ratio",
                  "Share of the sampled predictions past the time limit that got their label; absent without any.",
                  MetricType::Gauge),
      lag_("model_label_lag_seconds", "Time from prediction to label of the newest labels, by quantile.",
           MetricType::Gauge),
      error_("model_prediction_error", "Weighted mean error of the labelled predictions of the label window.",
             MetricType::Gauge),
      standard_error_("model_prediction_error_standard_error",
                       "Standard error of model_prediction_error: what chance leaves in it; absent below two labels.",
                       MetricType::Gauge),
      predictions_("driftserve_label_predictions_total",
                   "Sampled predictions to wait for labels: kept, refused as the key was there (repeated), given up "
                   "for newer ones before their time (evicted), without a value to judge (unusable).",
                   MetricType::Counter),
      waiting_("driftserve_label_table_predictions", "Predictions in the table of labels, labelled ones too.",
               MetricType::Gauge),
      labels_("driftserve_labels_total", "Reported labels by what became of them.", MetricType::Counter) {}

void ConceptFamilies::AddDetector(const MetricLabels& model, const drift::DetectorResult& detector) {
  const MetricLabels labels = With(model, "detector", detector.detector);
  if (detector.value) drift_.Add(labels, *detector.value);
  if (detector.threshold) threshold_.Add(labels, *detector.threshold);
  alarms_.Add(labels, static_cast<double>(detector.alarms));
  AddStates(labels, detector.state, state_);
}

void ConceptFamilies::AddTable(const MetricLabels& model, const ModelSnapshot& snapshot) {
  const LabelTable::Counts& counts = snapshot.labels;
  predictions_.Add(With(model, "outcome", "kept"), static_cast<double>(counts.kept));
  predictions_.Add(With(model, "outcome", "repeated"), static_cast<double>(counts.repeated));
  predictions_.Add(With(model, "outcome", "evicted"), static_cast<double>(counts.evicted));
  predictions_.Add(With(model, "outcome", "unusable"), static_cast<double>(counts.unusable));
  waiting_.Add(model, static_cast<double>(snapshot.labels_waiting));
}

void ConceptFamilies::Add(const MetricLabels& model, const ModelSnapshot& snapshot) {
  if (!snapshot.evaluation.concept_drift) return;
  const drift::ConceptResult& result = *snapshot.evaluation.concept_drift;
  for (const drift::DetectorResult& detector : result.detectors) AddDetector(model, detector);
  AddStates(With(model, "detector", drift::kConceptVerdict), result.state, state_);
  if (result.join_rate) join_ratio_.Add(model, *result.join_rate);
  if (result.label_lag_seconds) lag_.Add(With(model, "quantile", "0.5"), *result.label_lag_seconds);
  if (result.label_lag_90_seconds) lag_.Add(With(model, "quantile", "0.9"), *result.label_lag_90_seconds);
  if (result.mean_error) error_.Add(With(model, "error", result.error), *result.mean_error);
  if (result.mean_error_standard_error) {
    standard_error_.Add(With(model, "error", result.error), *result.mean_error_standard_error);
  }
  AddTable(model, snapshot);
  for (size_t i = 0; i < kLabelOutcomeCount && snapshot.reported_labels; ++i) {
    labels_.Add(With(model, "outcome", kLabelOutcomeNames[i]),
                static_cast<double>(snapshot.reported_labels(static_cast<LabelOutcome>(i))));
  }
}

void ConceptFamilies::AddUnclaimed(const LabelInbox& inbox) {
  labels_.Add({Label("model_name", ""), Label("model_version", ""), Label("outcome", "unknown_model")},
              static_cast<double>(inbox.unknown_model.Read()));
  labels_.Add({Label("model_name", ""), Label("model_version", ""), Label("outcome", "undeclared")},
              static_cast<double>(inbox.undeclared.Read()));
}

void ConceptFamilies::MoveTo(std::vector<prometheus::MetricFamily>& families) {
  for (FamilyBuilder* family :
       {&drift_, &threshold_, &state_, &alarms_, &join_ratio_, &lag_, &error_, &standard_error_, &predictions_, &waiting_,
        &labels_}) {
    family->MoveTo(families);
  }
}

}  // namespace driftserve
