#include "drift/state_memory.h"

#include <algorithm>
#include <array>

#include "drift/multiplicity.h"

namespace drift {
namespace {

constexpr double kLeaveShare = 0.8;  // of the own threshold: under it an evaluation speaks for leaving the level
constexpr std::array kTested = {Measure::kPsi, Measure::kKs};

MeasureResult* Find(FeatureResult& feature, Measure measure) {
  const auto found = std::find_if(feature.measures.begin(), feature.measures.end(),
                                  [measure](const MeasureResult& result) { return result.measure == measure; });
  return found == feature.measures.end() ? nullptr : &*found;
}

bool Loud(State state) { return state == State::kWarning || state == State::kDrifted; }

State Worse(State a, State b) {
  const auto rank = [](State state) { return state == State::kStale ? -1 : static_cast<int>(state); };
  return rank(a) >= rank(b) ? a : b;
}

double LevelOf(const ThresholdSettings& thresholds, Measure measure, bool alert) {
  if (measure == Measure::kKs) return alert ? thresholds.ks_alert : thresholds.ks_warn;
  return alert ? thresholds.psi_alert : thresholds.psi_warn;
}

StateChange Change(std::string_view stratum, const FeatureResult& feature, Measure measure, const MeasureResult* result,
                   State before, State state) {
  StateChange change{std::string(stratum), feature.name, feature.role, measure, before, state, {}, {}, {}, {}};
  if (result == nullptr) return change;
  const bool alert = state == State::kDrifted || before == State::kDrifted;
  change.value = result->value;
  change.threshold = alert ? result->alert_threshold : result->warn_threshold;
  change.p_value = alert ? result->p_value_alert : result->p_value;
  return change;
}

}  // namespace

StateMemory::StateMemory(std::size_t views, std::size_t features, const EvaluatorSettings& settings)
    : features_(features),
      settings_(settings),
      measures_(views * features * 2,
                MeasureMemory{Debounce(settings.decision.debounce_hits, settings.decision.debounce_of),
                              Debounce(settings.decision.debounce_hits, settings.decision.debounce_of)}) {}

// One family: the ready features of this view, measure and level.
void StateMemory::UpdateLevel(std::size_t view, bool alert, Measure measure, const Moment& moment,
                              std::span<FeatureEvaluation> features) {
  std::vector<double> p_values;
  std::vector<std::size_t> members;
  for (std::size_t f = 0; f < features.size(); ++f) {
    const MeasureResult* result = Find(features[f].result, measure);
    if (result == nullptr) continue;  // not ready, or not asked for: not in the family
    p_values.push_back((alert ? result->p_value_alert : result->p_value).value_or(1));
    members.push_back(f);
  }
  const std::vector<double> adjusted = Adjust(p_values, settings_.thresholds.multiplicity);
  const double level = LevelOf(settings_.thresholds, measure, alert);
  for (std::size_t i = 0; i < members.size(); ++i) {
    FeatureEvaluation& feature = features[members[i]];
    MeasureMemory& memory = At(view, members[i], measure);
    Debounce& debounce = alert ? memory.alert : memory.warn;
    bool leave = false;
    if (debounce.active()) {
      const double threshold = measure == Measure::kKs ? feature.ks->Threshold(level, moment.alpha)
                                                       : feature.psi->Threshold(level, moment.alpha);
      leave = Find(feature.result, measure)->value < kLeaveShare * threshold;
    }
    debounce.Update(adjusted[i] <= moment.alpha, leave);
  }
}

void StateMemory::Decide(std::size_t view, const Moment& moment, std::span<FeatureEvaluation> features,
                         std::string_view stratum, std::vector<StateChange>& changes) {
  for (const Measure measure : kTested) {
    for (const bool alert : {false, true}) UpdateLevel(view, alert, measure, moment, features);
  }
  for (std::size_t f = 0; f < features.size(); ++f) {
    FeatureResult& feature = features[f].result;
    feature.state = moment.stale ? State::kStale : State::kWarming;
    if (feature.ready && !moment.stale) feature.state = moment.observing ? State::kObserving : State::kStable;
    for (MeasureResult& result : feature.measures) result.state = feature.state;
    const State quiet = feature.state;
    for (const Measure measure : kTested) {
      MeasureResult* result = Find(feature, measure);
      MeasureMemory& memory = At(view, f, measure);
      State state = feature.ready && result == nullptr ? State::kWarming : quiet;
      if (result != nullptr && state == State::kStable) state = memory.Decided();
      if (result != nullptr) result->state = state;
      feature.state = Worse(feature.state, state);
      const State before = std::exchange(memory.state, state);
      if (before == state || (!stratum.empty() && !Loud(before) && !Loud(state))) continue;
      changes.push_back(Change(stratum, feature, measure, result, before, state));
    }
  }
}

State StateMemory::DecideModel(const ViewResult& population, const Moment& moment, double& drifted_share,
                               std::vector<StateChange>& changes) {
  double ready = 0, drifted = 0;
  bool any_ready = false, any_loud = false;
  for (const FeatureResult& feature : population.features) {
    any_ready = any_ready || feature.ready;
    any_loud = any_loud || Loud(feature.state);
    if (feature.role != Role::kFeature || !feature.ready) continue;
    ready += 1;
    drifted += feature.state == State::kDrifted ? 1 : 0;
  }
  drifted_share = ready > 0 ? drifted / ready : 0;
  State state = any_loud ? State::kWarning : State::kStable;
  if (drifted > 0 && drifted_share >= settings_.dataset_drift_share) state = State::kDrifted;
  if (moment.observing) state = State::kObserving;
  if (!any_ready) state = State::kWarming;
  if (moment.stale) state = State::kStale;
  const State before = std::exchange(model_, state);
  if (before != state) {
    changes.push_back({"", "", Role::kFeature, std::nullopt, before, state, drifted_share,
                       settings_.dataset_drift_share, std::nullopt, {}});
  }
  return state;
}

}  // namespace drift
