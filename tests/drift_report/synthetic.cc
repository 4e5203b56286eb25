#include "tests/drift_report/synthetic.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "drift/report/format.h"

namespace drift::synthetic {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = 1'780'000'000 * kSecond;

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

// Edges at which a normal distribution's deciles end.
constexpr double kDeciles[] = {-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816};

double KsOf(const std::vector<Bin>& bins) {
  double reference = 0, current = 0, largest = 0;
  for (std::size_t i = 0; i + 1 < bins.size(); ++i) {
    reference += bins[i].reference_share;
    current += bins[i].current_share.value_or(0);
    largest = std::max(largest, std::fabs(reference - current));
  }
  return largest;
}

State StateOf(const MeasureResult& measure) {
  if (measure.value > *measure.alert_threshold) return State::kDrifted;
  return measure.value > *measure.warn_threshold ? State::kWarning : State::kStable;
}

FeatureReference ReferenceOf(const FeatureResult& feature, double minimum, double maximum) {
  FeatureReference reference;
  reference.name = feature.name;
  reference.role = feature.role;
  reference.kind = feature.kind;
  reference.minimum = minimum;
  reference.maximum = maximum;
  return reference;
}

void AddNumeric(Model& model, const NumericShape& shape, Role role = Role::kFeature) {
  FeatureResult feature = Numeric(shape);
  feature.role = role;
  model.reference.features.push_back(
      ReferenceOf(feature, shape.center - 2.6 * shape.spread, shape.center + 2.6 * shape.spread));
  model.evaluation.population.features.push_back(std::move(feature));
}

void AddOther(Model& model, FeatureResult feature) {
  model.reference.features.push_back(ReferenceOf(feature, 0, 0));
  model.evaluation.population.features.push_back(std::move(feature));
}

void AddStrata(Model& model) {
  int number = 0;
  for (const char* stratum : {"UA", "B6", "EV", "DL", "HA", "AS"}) {
    ViewResult view = model.evaluation.population;
    view.stratum = stratum;
    view.rows_seen = std::round(5200.0 / (1 + number));
    view.rows_kept = std::round(number < 4 ? view.rows_seen * 0.05 : view.rows_seen * 0.4);
    for (FeatureResult& feature : view.features) {
      feature.kept_rows = view.rows_kept;
      if (number == 5) {
        feature.ready = false;
        feature.measures.clear();
        feature.reason = "41 effective samples, 173 are needed";
      }
      for (MeasureResult& measure : feature.measures) measure.value *= 0.75 + 0.11 * number;
    }
    ++number;
    model.evaluation.strata.push_back(std::move(view));
  }
}

void AddHistory(Model& model) {
  const auto& features = model.evaluation.population.features;
  for (int i = 0; i < 48; ++i) {
    HistoryPoint point{kNow - (47 - i) * 15 * kSecond, {}};
    for (std::size_t f = 0; f < features.size(); ++f) {
      const bool known = features[f].ready && i >= 6;
      const double end = features[f].measures.empty() ? 0 : features[f].measures.front().value;
      const double course =
          1 / (1 + std::exp(-(i - 26) / 4.0)) * (1 + 0.12 * std::sin(i * 1.7 + static_cast<double>(f)));
      point.psi.push_back(known ? 0.002 + end * course : std::numeric_limits<double>::quiet_NaN());
    }
    model.input.history.push_back(std::move(point));
  }
}

}  // namespace

double PsiOf(const std::vector<Bin>& bins) {
  double psi = 0;
  for (const Bin& bin : bins) {
    const double p = std::max(bin.reference_share, 1e-4);
    const double q = std::max(bin.current_share.value_or(0), 1e-4);
    psi += (q - p) * std::log(q / p);
  }
  return psi;
}

void Judge(FeatureResult& feature, double samples) {
  feature.ready = true;
  feature.kept_rows = std::round(samples * 1.4);
  feature.effective_samples = samples;
  feature.design_effect = 1.31;
  MeasureResult psi;
  psi.measure = Measure::kPsi;
  psi.value = PsiOf(feature.bins);
  psi.bias_corrected = psi.value - static_cast<double>(feature.bins.size()) / samples;
  psi.warn_threshold = 0.1 + 2.2 / std::sqrt(samples);
  psi.alert_threshold = 0.25 + 3.4 / std::sqrt(samples);
  psi.p_value = psi.value > *psi.warn_threshold ? 1e-9 : 0.82;
  psi.p_value_alert = psi.value > *psi.alert_threshold ? 3e-5 : 0.97;
  psi.p_value_no_drift = psi.value > 0.02 ? 1e-6 : 0.4;
  psi.state = StateOf(psi);
  feature.measures = {psi};
  if (feature.kind == Kind::kNumeric) {
    MeasureResult ks;
    ks.measure = Measure::kKs;
    ks.value = KsOf(feature.bins);
    ks.value_upper = ks.value + 0.006;
    ks.warn_threshold = 0.1 + 1.22 / std::sqrt(samples);
    ks.alert_threshold = 0.2 + 1.22 / std::sqrt(samples);
    ks.p_value = ks.value > *ks.warn_threshold ? 2e-8 : 1.0;
    ks.p_value_alert = ks.value > *ks.alert_threshold ? 0.002 : 1.0;
    ks.state = StateOf(ks);
    feature.measures.push_back(ks);
  }
  feature.state = State::kStable;
  for (const MeasureResult& measure : feature.measures) feature.state = std::max(feature.state, measure.state);
}

FeatureResult Numeric(const NumericShape& shape) {
  FeatureResult feature;
  feature.name = shape.name;
  feature.kind = Kind::kNumeric;
  feature.reference_missing_ratio = shape.reference_missing;
  feature.missing_ratio = shape.missing;
  feature.missing_p_value = shape.missing == shape.reference_missing ? 0.7 : 1e-5;
  double before = 0, before_now = 0;
  for (int i = 0; i <= 9; ++i) {
    const double all = i < 9 ? NormalCdf(kDeciles[i]) : 1;
    const double all_now = i < 9 ? NormalCdf(kDeciles[i] - shape.shift) : 1;
    Bin bin;
    if (i > 0) bin.lower = shape.center + kDeciles[i - 1] * shape.spread;
    if (i < 9) bin.upper = shape.center + kDeciles[i] * shape.spread;
    bin.label = (bin.lower ? "(" + Rounded(*bin.lower) : std::string("(-inf")) + ", " +
                (bin.upper ? Rounded(*bin.upper) + "]" : std::string("inf)"));
    bin.reference_share = (all - before) * (1 - shape.reference_missing);
    bin.current_share = (all_now - before_now) * (1 - shape.missing);
    before = all;
    before_now = all_now;
    feature.bins.push_back(bin);
  }
  feature.bins.push_back({"missing", {}, {}, shape.reference_missing, shape.missing});
  Judge(feature, 2100);
  return feature;
}

FeatureResult Categorical(const std::string& name, const std::vector<std::string>& labels,
                          const std::vector<double>& reference, const std::vector<double>& current) {
  FeatureResult feature;
  feature.name = name;
  feature.kind = Kind::kCategorical;
  feature.missing_ratio = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) feature.bins.push_back({labels[i], {}, {}, reference[i], current[i]});
  feature.bins.push_back({"missing", {}, {}, 0, 0});
  Judge(feature, 2100);
  return feature;
}

FeatureResult Warming(const std::string& name, const std::string& reason) {
  FeatureResult feature = Numeric({name, 0, 1, 0, 0, 0});
  feature.ready = false;
  feature.reason = reason;
  feature.measures.clear();
  feature.state = State::kWarming;
  feature.effective_samples = 88;
  feature.kept_rows = 120;
  for (Bin& bin : feature.bins) bin.current_share.reset();
  return feature;
}

std::unique_ptr<Model> Flights(bool drifted) {
  auto model = std::make_unique<Model>();
  const double much = drifted ? 1 : 0;
  AddNumeric(*model, {"hour", 13, 4.6, 0.02, 0, 0});
  AddNumeric(*model, {"temp", 47, 17, 1.9 * much, 0.001, 0.001});
  AddNumeric(*model, {"dewp", 33, 18, 1.3 * much, 0.001, 0.001});
  AddNumeric(*model, {"pressure", 1017, 7.5, 0.42 * much, 0.118, 0.112});
  AddNumeric(*model, {"distance", 1040, 610, -0.03, 0, 0});
  AddOther(
      *model,
      Categorical(
          "carrier",
          {"UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "AS", "F9", "YV", "HA", "other", "unseen"},
          {.174, .162, .161, .143, .097, .078, .061, .055, .036, .015, .01, .002, .002, .002, .001, .001, 0},
          {.172, .165, .148 - .02 * much, .147, .099, .077, .064, .052 + .02 * much, .037, .017, .011, .003, .003, .002,
           .001, .002, 0}));
  AddOther(*model, Categorical("origin", {"EWR", "JFK", "LGA", "other", "unseen"}, {.36, .33, .31, 0, 0},
                               {.353, .336, .311, 0, 0}));
  AddOther(*model, Warming("visibility", "88 effective samples, 173 are needed for PSI 0.1"));
  AddNumeric(*model, {"p_late", 0.31, 0.14, -0.5 * much, 0, 0}, Role::kPrediction);

  Evaluation& evaluation = model->evaluation;
  evaluation.time_ns = drifted ? kNow : kNow + 15 * kSecond;
  evaluation.population.rows_seen = 27'413;
  evaluation.population.rows_kept = 2'940;
  evaluation.model_state = drifted ? State::kDrifted : State::kStable;
  evaluation.drifted_share = drifted ? 2.0 / 7 : 0;
  AddStrata(*model);
  if (drifted)
    evaluation.warnings = {
        "the window (1 h) is shorter than the declared cycle (24 h): against an all-hours reference it drifts, always"};
  AddHistory(*model);

  Reference& reference = model->reference;
  reference.model_name = "flight_delay";
  reference.rows = 166'158;
  reference.created_ns = kNow - 40ll * 86'400 * kSecond;
  reference.hash = "5f2c9d0a41be77e3a90c12f4d8b6e021";
  ReportInput& input = model->input;
  input.model_name = "flight_delay";
  input.model_version = "1";
  input.reference = &reference;
  input.evaluation = &evaluation;
  input.window_ns = 3600 * kSecond;
  input.evaluate_every_ns = 15 * kSecond;
  return model;
}

}  // namespace drift::synthetic
