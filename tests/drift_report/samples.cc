#include "tests/drift_report/samples.h"

#include <cmath>
#include <utility>

namespace drift::synthetic {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000, kDay = 86'400 * kSecond;
constexpr std::int64_t kMade = 1'791'400'000 * kSecond;  // 2026-10-07T19:06:40Z

FeatureResult Constant(const std::string& name) {
  FeatureResult feature;
  feature.name = name;
  feature.kind = Kind::kCategorical;
  feature.ready = true;
  feature.reason = "constant";
  feature.state = State::kStable;
  feature.kept_rows = 2940;
  feature.effective_samples = 2100;
  feature.missing_ratio = 0;
  feature.bins = {{"2013", {}, {}, 1, 1}, {"other", {}, {}, 0, 0}, {"unseen", {}, {}, 0, 0}, {"missing", {}, {}, 0, 0}};
  return feature;
}

void Add(Model& model, FeatureResult feature) {
  FeatureReference reference;
  reference.name = feature.name;
  reference.role = feature.role;
  reference.kind = feature.kind;
  model.reference.features.push_back(reference);
  model.evaluation.population.features.push_back(std::move(feature));
}

FeatureResult& Named(ViewResult& view, const std::string& name) {
  for (FeatureResult& feature : view.features) {
    if (feature.name == name) return feature;
  }
  return view.features.front();
}

// "distance" drifted among the few rows of HA, which the whole does not show.
void ShiftOneStratum(Model& model) {
  for (ViewResult& view : model.evaluation.strata) {
    if (view.stratum != "HA") continue;
    FeatureResult& distance = Named(view, "distance");
    const FeatureResult moved = Numeric({"distance", 1040, 610, 1.1, 0, 0});
    distance.measures = moved.measures;
    distance.state = moved.state;
  }
}

Comparison WeekAgainstTraining() {
  Comparison comparison;
  comparison.reference = {"reference.pb", "5f2c9d0a41be77e3a90c12f4d8b6e021", 166'158, kMade - 300 * kDay,
                          kMade - 60 * kDay};
  comparison.current = {"week-40.parquet, week-41.parquet", "b1946ac92492d2347c6235b4d2611184", 27'413,
                        kMade - 14 * kDay, kMade - 2 * 3600 * kSecond};
  comparison.weights = "inclusion probability, column pi";
  comparison.program = "drift 0.1.0";
  comparison.made_ns = kMade;
  return comparison;
}

std::unique_ptr<Model> WithState(bool drifted, State state) {
  auto model = Flights(drifted);
  model->evaluation.model_state = state;
  for (FeatureResult& feature : model->evaluation.population.features) {
    if (state == State::kObserving && feature.ready) feature.state = state;
    if (state != State::kWarming && state != State::kStale) continue;
    const Role role = feature.role;
    feature = Warming(feature.name, state == State::kStale ? "no row for longer than the window" : "no row was kept");
    feature.role = role;
  }
  if (state == State::kWarming || state == State::kStale) {
    model->evaluation.strata.clear();
    model->input.history.clear();
  }
  return model;
}

}  // namespace

ConceptResult Quality(bool fell) {
  ConceptResult quality;
  quality.error = "log_loss";
  quality.state = fell ? State::kDrifted : State::kStable;
  quality.join_rate = 0.934;
  quality.label_lag_seconds = 2.4 * 3600;
  quality.labels_joined = 18'204;
  double sum = 0;
  for (int day = 0; day < 12; ++day) {
    const double error = 0.41 + 0.012 * std::sin(day * 2.1) + (fell && day >= 8 ? 0.17 : 0);
    quality.timeline.push_back({kMade - (12 - day) * kDay, error, 1500.0 + 40 * (day % 5)});
    sum += error;
  }
  quality.mean_error = sum / 12;
  DetectorResult adwin{"adwin", quality.state, 0.163, 0.071, fell ? 1u : 0u, std::nullopt};
  DetectorResult ddm{"ddm", fell ? State::kWarning : State::kStable, 0.46, 0.49, 0, std::nullopt};
  DetectorResult page_hinkley{"page_hinkley", quality.state, fell ? 61.2 : 8.1, 50, fell ? 2u : 0u, std::nullopt};
  if (fell) adwin.last_alarm_ns = kMade - 4 * kDay;
  if (fell) page_hinkley.last_alarm_ns = kMade - 3 * kDay;
  quality.detectors = {adwin, ddm, page_hinkley};
  return quality;
}

std::unique_ptr<Model> KeptReport() {
  auto model = Flights(true);
  model->evaluation.time_ns = kMade;
  model->evaluation.population.rows_kept = 27'413;
  Add(*model, Constant("year"));
  FeatureResult late = Categorical("late", {"0", "1", "other", "unseen"}, {.69, .31, 0, 0}, {.7, .3, 0, 0});
  late.role = Role::kLabel;
  Add(*model, std::move(late));
  ShiftOneStratum(*model);
  model->evaluation.concept_drift = Quality(true);
  model->input.appeared["carrier"] = {{"ZZ", 0.012}, {"QX", 0.004}};
  model->input.appeared["origin"] = {{"SWF", 0.0007}};
  model->input.comparison = WeekAgainstTraining();
  model->input.window_ns = 0;
  model->input.evaluate_every_ns = 0;
  return model;
}

void AddStrata(Model& model, int count) {
  model.evaluation.strata.clear();
  for (int i = 0; i < count; ++i) {
    ViewResult view = model.evaluation.population;
    view.stratum = "tier-" + std::to_string(i + 1);
    view.rows_seen = std::round(9000.0 / (1 + i));
    view.rows_kept = std::round(view.rows_seen * 0.2);
    for (FeatureResult& feature : view.features) {
      for (MeasureResult& measure : feature.measures) measure.value *= 1 + 0.05 * i;
      if (i + 2 < count) continue;
      feature.ready = false;
      feature.measures.clear();
      feature.reason = "41 effective samples, 173 are needed";
    }
    model.evaluation.strata.push_back(std::move(view));
  }
}

std::unique_ptr<Model> Large() {
  auto model = Flights(false);
  model->reference.features.clear();
  model->evaluation.population.features.clear();
  model->input.history.clear();
  for (int i = 0; i < 50; ++i) {
    const double shift = i % 9 == 3 ? 0.9 : 0.02 * (i % 7);
    FeatureResult feature = Numeric({"sensor_" + std::to_string(i), 10.0 * i, 1.0 + i, shift, 0.01, 0.01});
    Add(*model, std::move(feature));
    model->reference.features.back().minimum = 10.0 * i - 2.6 * (1 + i);
    model->reference.features.back().maximum = 10.0 * i + 2.6 * (1 + i);
  }
  for (int t = 0; t < 60; ++t) {
    HistoryPoint point{model->evaluation.time_ns - (59 - t) * 60 * kSecond, {}};
    for (const FeatureResult& feature : model->evaluation.population.features) {
      point.psi.push_back(feature.measures.front().value * (0.7 + 0.3 * t / 59));
    }
    model->input.history.push_back(std::move(point));
  }
  model->evaluation.model_state = State::kWarning;
  model->evaluation.drifted_share = 6.0 / 50;
  AddStrata(*model, 16);
  return model;
}

std::unique_ptr<Model> Hostile() {
  auto model = KeptReport();
  ReportInput& input = model->input;
  input.model_name = "<script>alert(1)</script>";
  input.model_version = "1\"><b>";
  model->reference.hash = "\"><i>";
  model->evaluation.warnings = {"<img src=x onerror=alert(2)>", std::string(3000, 'w')};
  ViewResult& whole = model->evaluation.population;
  whole.features[0].name = "a\xff";
  whole.features[1].name = "\"><svg onload=alert(3)>\xff\x1b[31m";
  whole.features[1].bins[0].label = "</title><script>alert(4)</script>";
  whole.features[2].name = std::string(400, 'n') + "-end";
  whole.features[3].name = "a\\xff";  // reads like the first one
  whole.features[4].name = "\xe2\x80\xaeright-to-left";
  whole.features[7].reason = "<b>why</b>";
  model->evaluation.strata[0].stratum = "<u>&'\"";
  for (std::size_t i = 0; i < model->reference.features.size(); ++i)
    model->reference.features[i].name = whole.features[i].name;
  input.appeared = {{"carrier", {{"<em>\n\x00\xfe", 0.01}, {std::string(500, 'c'), 0.002}}}};
  input.comparison->current.source = "<a href=javascript:alert(5)>week</a>.csv";
  input.comparison->weights = "</td><script>";
  input.comparison->program = "drift \x7f";
  model->evaluation.concept_drift->error = "<script>";
  model->evaluation.concept_drift->detectors[0].detector = "</svg><script>";
  model->evaluation.concept_drift->reason = "<b>few</b>";
  return model;
}

std::vector<Sample> Samples() {
  std::vector<Sample> samples;
  samples.push_back({"drifted", Flights(true)});
  samples.push_back({"stable", Flights(false)});
  samples.push_back({"report", KeptReport()});
  samples.push_back({"large", Large()});
  samples.push_back({"hostile", Hostile()});
  samples.push_back({"warming", WithState(false, State::kWarming)});
  samples.push_back({"observing", WithState(true, State::kObserving)});
  samples.push_back({"stale", WithState(false, State::kStale)});
  auto bare = std::make_unique<Model>();
  bare->input.model_name = "bare";
  bare->input.model_version = "1";
  bare->input.evaluation = &bare->evaluation;
  samples.push_back({"bare", std::move(bare)});
  return samples;
}

}  // namespace drift::synthetic
