#include "drift/profile/monitor_settings.h"

#include <algorithm>

namespace drift {

RecordMode RecordSettings::ModeOf(const std::string& name) const {
  if (all) return RecordMode::kKeep;
  const auto found = modes.find(name);
  return found == modes.end() ? RecordMode::kDrop : found->second;
}

bool MonitorSettings::has_reductions() const {
  const auto reduced = [](const FeatureSpec& spec) { return spec.reduce.reduction != Reduction::kNone; };
  return std::any_of(features.begin(), features.end(), reduced) ||
         std::any_of(predictions.begin(), predictions.end(), reduced);
}

EvaluatorSettings MonitorSettings::evaluator() const {
  EvaluatorSettings settings;
  settings.thresholds = thresholds;
  settings.decision = decision;
  settings.dataset_drift_share = dataset_drift_share;
  for (const auto* specs : {&features, &predictions}) {
    for (const FeatureSpec& spec : *specs) {
      if (!spec.measures.empty()) settings.feature_measures[spec.name] = spec.measures;
    }
  }
  return settings;
}

}  // namespace drift
