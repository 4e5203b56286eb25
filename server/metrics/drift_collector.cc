#include "server/metrics/drift_collector.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "drift/report/format.h"
#include "server/metrics/concept_families.h"
#include "server/metrics/drift_families.h"

namespace driftserve {
namespace {

using drift::Role;
using drift::State;
using prometheus::MetricFamily;
using prometheus::MetricType;

// What is said of a model as a whole.
struct ModelFamilies {
  FamilyBuilder drifted_ratio{"model_drifted_features_ratio", "Share of the ready features that are drifted.",
                              MetricType::Gauge};
  FamilyBuilder state{"model_drift_state", "1 for the model's state, 0 for the others.", MetricType::Gauge};
  FamilyBuilder reference{"model_reference_info", "1; the reference that traffic is compared with.", MetricType::Gauge};
  FamilyBuilder reference_rows{"model_reference_rows", "Rows that the reference was made from.", MetricType::Gauge};
  FamilyBuilder evaluated{"model_drift_last_evaluation_timestamp_seconds", "Unix time of the last evaluation.",
                          MetricType::Gauge};
  FamilyBuilder repeated{"driftserve_repeated_request_ids_total",
                         "Request ids that came again while sampling.key is request_id: probabilities are then wrong.",
                         MetricType::Counter};
  FamilyBuilder left_out{"driftserve_window_left_out_rows_total",
                         "Sampled rows, or rows reported as seen, that the drift window could not take, by reason.",
                         MetricType::Counter};
  FamilyBuilder coarsenings{"driftserve_window_coarsenings_total",
                            "Times the window's panes were joined two by two to stay under its byte limit.",
                            MetricType::Counter};
  FamilyBuilder resets{"driftserve_window_resets_total",
                       "Times the window was begun anew because the clock had been set back.", MetricType::Counter};

  void Add(const MetricLabels& model, const ModelSnapshot& snapshot) {
    const drift::Evaluation& evaluation = snapshot.evaluation;
    const auto& features = evaluation.population.features;
    const bool known = std::any_of(features.begin(), features.end(), [](const drift::FeatureResult& feature) {
      return feature.ready && feature.role == Role::kFeature;
    });
    if (known) drifted_ratio.Add(model, evaluation.drifted_share);
    for (const State one :
         {State::kWarming, State::kObserving, State::kStable, State::kWarning, State::kDrifted, State::kStale}) {
      state.Add(With(model, "state", drift::Name(one)), one == evaluation.model_state ? 1 : 0);
    }
    if (evaluation.time_ns > 0) evaluated.Add(model, static_cast<double>(evaluation.time_ns) / 1e9);
    repeated.Add(model, static_cast<double>(snapshot.repeated_request_ids));
    AddWindow(model, snapshot);
    if (snapshot.reference == nullptr) return;
    reference_rows.Add(model, static_cast<double>(snapshot.reference->rows));
    reference.Add(
        With(With(model, "hash", snapshot.reference->hash), "created", drift::UtcTime(snapshot.reference->created_ns),
             "rows", std::to_string(snapshot.reference->rows)),
        1);
  }

  void AddWindow(const MetricLabels& model, const ModelSnapshot& snapshot) {
    const drift::WindowCounters& window = snapshot.window;
    left_out.Add(With(model, "reason", "late"), static_cast<double>(window.late_rows));
    left_out.Add(With(model, "reason", "late_seen"), static_cast<double>(window.late_seen));
    left_out.Add(With(model, "reason", "unreadable"), static_cast<double>(window.unreadable_rows));
    left_out.Add(With(model, "reason", "invalid"), static_cast<double>(window.invalid_rows));
    left_out.Add(With(model, "reason", "mixed_rates"), static_cast<double>(window.mixed_rates));
    coarsenings.Add(model, static_cast<double>(window.coarsenings));
    resets.Add(model, static_cast<double>(snapshot.window_resets));
  }

  void MoveTo(std::vector<MetricFamily>& all) {
    for (FamilyBuilder* family :
         {&drifted_ratio, &state, &reference, &reference_rows, &evaluated, &repeated, &left_out, &coarsenings, &resets}) {
      family->MoveTo(all);
    }
  }
};

class AllFamilies {
 public:
  void Add(const ModelSnapshot& snapshot) {
    const MetricLabels model = {Label("model_name", snapshot.model_name),
                                Label("model_version", snapshot.model_version)};
    for (const drift::FeatureResult& feature : snapshot.evaluation.population.features) {
      Of(feature.role).AddPopulation(model, feature);
    }
    for (const drift::ViewResult& view : snapshot.evaluation.strata) {
      // Values of several strata do not add up to one: those that share a label are left out.
      if (StratumIndex(snapshot, view.stratum) >= kStratumLabels) continue;
      for (const drift::FeatureResult& feature : view.features) {
        Of(feature.role).AddStratum(model, view.stratum, feature);
      }
    }
    model_.Add(model, snapshot);
    concept_.Add(model, snapshot);
    additive_.Add(model, snapshot);
  }

  void AddUnclaimed(const LabelInbox& labels) { concept_.AddUnclaimed(labels); }

  std::vector<MetricFamily> Move() {
    std::vector<MetricFamily> all;
    for (RoleFamilies& role : roles_) role.MoveTo(all);
    model_.MoveTo(all);
    concept_.MoveTo(all);
    additive_.MoveTo(all);
    return all;
  }

 private:
  RoleFamilies& Of(Role role) { return roles_[static_cast<size_t>(role)]; }

  std::array<RoleFamilies, 3> roles_ = {RoleFamilies(Role::kFeature), RoleFamilies(Role::kPrediction),
                                        RoleFamilies(Role::kLabel)};
  ModelFamilies model_;
  ConceptFamilies concept_;
  AdditiveFamilies additive_;
};

}  // namespace

std::vector<MetricFamily> DriftCollector::Collect() const {
  const std::shared_ptr<const ObserverSnapshot> snapshot = board_->Read();
  AllFamilies families;
  for (const std::shared_ptr<const ModelSnapshot>& model : snapshot->models) families.Add(*model);
  if (labels_ != nullptr) families.AddUnclaimed(*labels_);
  std::vector<MetricFamily> all = families.Move();
  FamilyBuilder unwatched("driftserve_unwatched_rows_total",
                          "Sampled rows of models that were no longer watched when they reached the observer: dropped.",
                          MetricType::Counter);
  unwatched.Add({}, static_cast<double>(snapshot->unwatched_rows));
  unwatched.MoveTo(all);
  return all;
}

}  // namespace driftserve
