#include "drift/profile/monitor_settings.h"

#include <algorithm>

#include "drift/profile/text.h"

namespace drift {

RecordMode RecordSettings::ModeOf(const std::string& name) const {
  if (all) return RecordMode::kKeep;
  const auto found = modes.find(name);
  return found == modes.end() ? RecordMode::kDrop : found->second;
}

std::string WhyNotReducible(const ReduceSpec& spec, Dtype dtype, int64_t elements, std::string_view tensor) {
  if (dtype == Dtype::kText) {
    if (spec.reduction == Reduction::kLength) return "";
    return Concat("reduce: expected length, the only one of ", tensor, ", which holds texts, got ",
                  Name(spec.reduction));
  }
  if (elements == 1) {
    return Concat("reduce: expected rows of more than one element, ", tensor, " has one: watch it by column: 0");
  }
  return "";
}

bool MonitorSettings::has_reductions() const {
  const auto reduced = [](const FeatureSpec& spec) { return spec.reduced(); };
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
