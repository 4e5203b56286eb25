#include "tests/metrics/watched.h"

#include <utility>

namespace driftserve {

std::shared_ptr<WatchedModel> MakeWatched(const std::string& name, const std::vector<std::string>& strata) {
  std::vector<StratumRate> rates;
  for (const std::string& stratum : strata) rates.push_back({stratum, 0.5});
  WatchedModelSettings settings;
  settings.name = name;
  settings.version = "2";
  return std::make_shared<WatchedModel>(settings, std::make_unique<SamplingRule>(rates, 0.01, 1, 77), 2);
}

drift::FeatureResult ReadyFeature(const std::string& name, drift::Role role) {
  drift::FeatureResult feature;
  feature.name = name;
  feature.role = role;
  feature.ready = true;
  feature.kept_rows = 900;
  feature.effective_samples = 640.5;
  feature.design_effect = 1.25;
  feature.missing_ratio = 0.125;
  feature.state = drift::State::kDrifted;
  drift::MeasureResult psi;
  psi.value = 0.5;
  psi.bias_corrected = 0.48;
  psi.warn_threshold = 0.15;
  psi.alert_threshold = 0.3;
  psi.p_value = 1e-6;
  psi.p_value_alert = 0.002;
  psi.state = drift::State::kDrifted;
  drift::MeasureResult ks;
  ks.measure = drift::Measure::kKs;
  ks.value = 0.25;
  ks.warn_threshold = 0.12;
  ks.alert_threshold = 0.22;
  ks.p_value = 3e-5;
  ks.p_value_alert = 0.01;
  ks.state = drift::State::kWarning;
  feature.measures = {psi, ks};
  feature.bins = {{"(-inf, 3]", {}, 3.0, 0.5, 0.8}, {"(3, inf)", 3.0, {}, 0.5, 0.075}, {"missing", {}, {}, 0, 0.125}};
  return feature;
}

drift::FeatureResult WarmingFeature(const std::string& name) {
  drift::FeatureResult feature;
  feature.name = name;
  feature.reason = "88 effective samples, 173 are needed";
  feature.bins = {{"(-inf, 3]", {}, 3.0, 0.5, {}}, {"missing", {}, {}, 0.5, {}}};
  return feature;
}

drift::ConceptResult DriftedConcept() {
  drift::ConceptResult result;
  result.error = "log_loss";
  result.state = drift::State::kDrifted;
  result.join_rate = 0.97;
  result.label_lag_seconds = 3600;
  result.label_lag_90_seconds = 7200;
  result.mean_error = 0.625;
  result.mean_error_standard_error = 0.03125;
  result.labels_joined = 500;
  drift::DetectorResult adwin;
  adwin.detector = "adwin";
  adwin.state = drift::State::kDrifted;
  adwin.value = 0.25;
  adwin.threshold = 0.125;
  adwin.alarms = 2;
  adwin.last_alarm_ns = 1'700'000'000'000'000'000;
  adwin.last_alarm_rose = true;
  drift::DetectorResult page_hinkley;
  page_hinkley.detector = "page_hinkley";
  page_hinkley.state = drift::State::kStable;
  page_hinkley.value = 12.5;
  page_hinkley.threshold = 50;
  result.detectors = {adwin, page_hinkley};
  result.timeline = {{1'700'000'000'000'000'000, 0.5, 250}};
  return result;
}

drift::Evaluation MakeEvaluation(std::vector<drift::FeatureResult> features) {
  drift::Evaluation evaluation;
  evaluation.time_ns = 1'700'000'000'500'000'000;
  evaluation.population.rows_seen = 10'000;
  evaluation.population.rows_kept = 900;
  evaluation.population.features = std::move(features);
  evaluation.drifted_share = 0.5;
  evaluation.model_state = drift::State::kDrifted;
  return evaluation;
}

void Identify(ModelSnapshot& snapshot, std::shared_ptr<WatchedModel> watched) {
  snapshot.model_name = watched->settings().name;
  snapshot.model_version = watched->settings().version;
  for (const RowCounts& counts : RowsOf(*watched)) snapshot.strata.push_back(counts.stratum);
  snapshot.reported_labels = [watched](LabelOutcome outcome) { return watched->labels().Read(outcome); };
  snapshot.rows = [watched = std::move(watched)] { return RowsOf(*watched); };
}

PostedModel Post(SnapshotBoard& board, std::shared_ptr<WatchedModel> watched, drift::Evaluation evaluation,
                 std::vector<BinCounts> bins) {
  PostedModel posted{watched, std::make_shared<drift::Reference>()};
  posted.reference->hash = "abc123";
  posted.reference->rows = 5000;
  posted.reference->created_ns = 1'690'000'000'000'000'000;
  auto model = std::make_shared<ModelSnapshot>();
  Identify(*model, std::move(watched));
  model->reference = posted.reference;
  model->evaluation = std::move(evaluation);
  model->bins = std::move(bins);
  auto snapshot = std::make_shared<ObserverSnapshot>();
  snapshot->time_ns = model->evaluation.time_ns;
  snapshot->models.push_back(std::move(model));
  board.Post(std::move(snapshot));
  return posted;
}

void PostLarge(SnapshotBoard& board, int features, int strata) {
  std::vector<std::string> names;
  for (int s = 1; s < strata; ++s) names.push_back("stratum_" + std::to_string(s));
  auto watched = MakeWatched("large", names);
  names.insert(names.begin(), kDefaultStratum);
  drift::Evaluation evaluation = MakeEvaluation({});
  std::vector<BinCounts> counts;
  for (int f = 0; f < features; ++f) {
    drift::FeatureResult feature = ReadyFeature("feature_number_" + std::to_string(f));
    feature.bins.clear();
    for (int b = 0; b < 11; ++b) {
      feature.bins.push_back({"(" + std::to_string(b * 12.5) + ", " + std::to_string(b * 12.5 + 12.5) + "]", b * 12.5,
                              b * 12.5 + 12.5, 0.0913 + 0.001 * b, 0.0871 + 0.001 * b});
    }
    for (const std::string& name : names) {
      BinCounts bins{feature.name, name, 77, {}, {}};
      for (const drift::Bin& bin : feature.bins) {
        bins.bins.push_back(bin.label.str());
        bins.observations.push_back(1234567 + 89 * static_cast<uint64_t>(f));
      }
      counts.push_back(std::move(bins));
    }
    evaluation.population.features.push_back(std::move(feature));
  }
  for (const std::string& name : names) {
    evaluation.strata.push_back(evaluation.population);
    evaluation.strata.back().stratum = name;
  }
  Post(board, watched, std::move(evaluation), std::move(counts));
}

}  // namespace driftserve
