#include "server/observe/label_watch.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "drift/error_measure.h"

namespace driftserve {
namespace {

std::shared_ptr<const drift::Reference> OnlyLabel(const drift::Reference& whole, const std::string& name) {
  for (size_t i = 0; i < whole.features.size(); ++i) {
    if (whole.features[i].role != drift::Role::kLabel || whole.features[i].name != name) continue;
    auto label = std::make_shared<drift::Reference>(whole);
    label->features = {whole.features[i]};
    for (drift::StratumReference& stratum : label->strata) stratum.cell_counts = {stratum.cell_counts[i]};
    label->cycle_ns = 0;  // warned of by the features' window, which is shorter
    return label;
  }
  return nullptr;
}

// What absolute and squared errors are measured in: the range of the labels, where it is known.
double ScaleOf(const drift::LabelSettings& labels, const drift::Reference* reference) {
  const bool absolute = labels.error == drift::ErrorMeasure::kAbsoluteError;
  if (!absolute && labels.error != drift::ErrorMeasure::kSquaredError) return 1;
  if (reference == nullptr || labels.kind != drift::Kind::kNumeric) return 1;
  const double range = reference->features[0].maximum - reference->features[0].minimum;
  if (!(range > 0)) return 1;
  return absolute ? range : range * range;
}

drift::ConceptSettings ConceptOf(const drift::MonitorSettings& monitor, const drift::Reference* reference,
                                 int64_t now_ns) {
  drift::ConceptSettings settings;
  settings.error = monitor.labels->error;
  settings.scale = ScaleOf(*monitor.labels, reference);
  settings.detectors = monitor.labels->detectors;
  settings.min_join_rate = monitor.labels->min_join_rate;
  settings.window_ns = monitor.window.length_ns;
  settings.time_limit_ns = monitor.labels->time_limit_ns;
  settings.observation_ns = monitor.decision.observation_period_ns;
  settings.created_ns = now_ns;
  return settings;
}

LabelTable::Label ToLabel(const ReportedLabel& label, int64_t received_ns) {
  LabelTable::Label joined;
  joined.observed_ns = label.observed_ns;
  joined.arrived_ns = received_ns;
  if (const auto* text = std::get_if<std::string>(&label.value)) {
    joined.value = drift::Value::Text({});
    joined.text = *text;
  } else {
    joined.value = drift::Value::Double(std::get<double>(label.value));
  }
  return joined;
}

}  // namespace

LabelWatch::LabelWatch(WatchedModel* model, const drift::Reference& reference, const drift::MonitorSettings& monitor,
                       std::vector<std::string> strata, const EarlyLabelLimits& early, int64_t now_ns)
    : model_(model),
      settings_(*monitor.labels),
      strata_(std::move(strata)),
      window_settings_(monitor.window),
      reference_(OnlyLabel(reference, settings_.name)),
      monitor_(ConceptOf(monitor, reference_.get(), now_ns)),
      table_({settings_.time_limit_ns, static_cast<size_t>(settings_.table_rows), early}) {
  window_settings_.length_ns += settings_.time_limit_ns;
  if (reference_ == nullptr) return;
  MakeWindow(now_ns);
  evaluator_ = std::make_unique<drift::Evaluator>(reference_, monitor.evaluator(), now_ns);
}

void LabelWatch::MakeWindow(int64_t now_ns) {
  latest_ns_ = now_ns;
  if (reference_ != nullptr) window_ = std::make_unique<drift::Window>(reference_, strata_, window_settings_);
}

void LabelWatch::TakePrediction(const Sample& sample, const KeptRow& row, const drift::Value& prediction) {
  if (sample.request_id.empty()) return;
  WaitingPrediction waiting;
  waiting.value = prediction;
  if (prediction.type() == drift::Value::Type::kText) {
    waiting.value = drift::Value::Text({});
    waiting.text = std::string(prediction.as_text());
  } else if (prediction.type() == drift::Value::Type::kDouble && !std::isfinite(prediction.as_double())) {
    waiting.value = drift::Value::Missing();
  }
  waiting.time_ns = sample.time_ns;
  waiting.inclusion_probability = row.inclusion_probability;
  waiting.stratum = row.stratum;
  waiting.rule_version = sample.rule_version;
  std::optional<LabelTable::Label> early;
  if (!table_.Add(sample.request_id, row.row, waiting, early)) return;
  monitor_.CountPrediction(sample.time_ns);
  if (!early) return;
  const WaitingPrediction* joined = nullptr;
  const auto outcome = table_.Join(sample.request_id, row.row, *early, joined);
  model_->labels().Add(joined != nullptr ? Take(*joined, *early) : *outcome);
}

void LabelWatch::TakeLabel(const ReportedLabel& reported, int64_t received_ns) {
  const LabelTable::Label label = ToLabel(reported, received_ns);
  const WaitingPrediction* prediction = nullptr;
  const auto outcome = table_.Join(reported.request_id, reported.row, label, prediction);
  if (!outcome) return;
  model_->labels().Add(prediction != nullptr ? Take(*prediction, label) : *outcome);
}

LabelOutcome LabelWatch::Take(const WaitingPrediction& prediction, const LabelTable::Label& label) {
  const drift::Value value = label.AsValue();
  const auto error = drift::MeasureError(settings_.error, prediction.AsValue(), value);
  if (!error) return LabelOutcome::kWrongType;
  const int64_t observed_ns = label.observed_ns != 0 ? label.observed_ns : label.arrived_ns;
  monitor_.AddLabel({.predicted_ns = prediction.time_ns,
                     .arrived_ns = label.arrived_ns,
                     .lag_ns = observed_ns - prediction.time_ns,
                     .error = *error,
                     .probability = prediction.inclusion_probability});
  if (window_ != nullptr) {
    window_->Add(prediction.time_ns, prediction.stratum, prediction.inclusion_probability,
                 static_cast<int>(prediction.rule_version), {&value, 1});
  }
  return LabelOutcome::kJoined;
}

void LabelWatch::Advance(int64_t now_ns) {
  // The clock was set back by more than a window: as in the features' window.
  if (now_ns + window_settings_.length_ns < latest_ns_) MakeWindow(now_ns);
  latest_ns_ = std::max(latest_ns_, now_ns);
  if (const uint64_t unknown = table_.Advance(now_ns)) model_->labels().Add(LabelOutcome::kUnknown, unknown);
}

void LabelWatch::EvaluateWindow(int64_t now_ns, drift::Evaluation& evaluation) {
  window_->Advance(now_ns);
  drift::Evaluation labels = evaluator_->Evaluate(*window_, now_ns);
  const auto append = [](drift::ViewResult& to, drift::ViewResult& from) {
    std::move(from.features.begin(), from.features.end(), std::back_inserter(to.features));
  };
  append(evaluation.population, labels.population);
  for (size_t i = 0; i < evaluation.strata.size() && i < labels.strata.size(); ++i) {
    append(evaluation.strata[i], labels.strata[i]);
  }
  for (const std::string& warning : labels.warnings) evaluation.warnings.push_back("labels: " + warning);
  for (drift::StateChange& change : labels.changes) {
    // The model's own state is that of its features and predictions.
    if (!change.feature.empty()) evaluation.changes.push_back(std::move(change));
  }
}

void LabelWatch::Evaluate(int64_t now_ns, drift::Evaluation& evaluation) {
  if (window_ != nullptr) EvaluateWindow(now_ns, evaluation);
  evaluation.concept_drift = monitor_.Evaluate(now_ns, evaluation.changes);
}

}  // namespace driftserve
